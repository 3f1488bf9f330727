/* Between a program and its disk: fails the n-th write, and keeps a log from which a power cut can be rebuilt.
 *
 * LD_PRELOAD it; it sees the files below the directory it is given and passes everything else on untouched.
 * `shim_attach(control, directory, log)` begins, or the environment does: SHIM_CONTROL, SHIM_DIRECTORY, SHIM_LOG.
 * The control file holds six little-endian 64-bit integers, which the test reads and writes while the program
 * runs:
 *
 *     fail at the n-th call (0: none) | errno | 1: and all after it | calls so far | calls failed | capacity
 *
 * `capacity` is how many bytes fit below the directory (0: no limit): what would take more fails with ENOSPC, as
 * does what makes a file when there is no room at all, and statvfs tells what is free.
 * A call is anything that changes the disk or makes a change durable. Log: one record a call that succeeded,
 *
 *     u8 kind, u32 length of path, u32 length of data, i64 offset, path, data
 *
 * in the order in which the calls took effect. `-shm` files are memory, not disk: they are left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ftw.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 'c', WRITE = 'w', TRUNCATE = 't', SYNC = 's', RENAME = 'r', UNLINK = 'u', MKDIR = 'd', MARK = 'm' };
enum { FAIL_AT, ERROR, ONWARDS, CALLS, FAILED, CAPACITY, FIELDS };
enum { DESCRIPTORS = 4096 };

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static volatile int64_t *control;
static char directory[PATH_MAX];
static size_t prefix;
static int log_file = -1;
static char *paths[DESCRIPTORS];

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        fprintf(stderr, "shim: no %s\n", name);
        abort();
    }
    return found;
}

static ssize_t raw_write(int fd, const void *data, size_t size) {
    static ssize_t (*next)(int, const void *, size_t);
    if (next == NULL) next = real("write");
    return next(fd, data, size);
}

void shim_attach(const char *control_path, const char *below, const char *log_path) {
    int fd = ((int (*)(const char *, int, ...))real("open"))(control_path, O_RDWR);
    if (fd < 0) {
        perror(control_path);
        abort();
    }
    control = mmap(NULL, FIELDS * sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ((int (*)(int))real("close"))(fd);
    strncpy(directory, below, sizeof directory - 1);
    if (log_path != NULL && *log_path)
        log_file = ((int (*)(const char *, int, ...))real("open"))(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    prefix = strlen(directory);
}

__attribute__((constructor)) static void begin(void) {
    if (getenv("SHIM_CONTROL") != NULL)
        shim_attach(getenv("SHIM_CONTROL"), getenv("SHIM_DIRECTORY"), getenv("SHIM_LOG"));
}

/* Whether `path` is ours. All paths of the daemon below its state directory are absolute if that is. */
static int ours(const char *path) {
    size_t length;
    if (prefix == 0 || path == NULL || strncmp(path, directory, prefix) != 0) return 0;
    if (path[prefix] != '/' && path[prefix] != 0) return 0;
    length = strlen(path);
    return length < 4 || strcmp(path + length - 4, "-shm") != 0;
}

static const char *path_of(int fd) { return fd >= 0 && fd < DESCRIPTORS ? paths[fd] : NULL; }

static void know(int fd, const char *path) {
    if (fd < 0 || fd >= DESCRIPTORS) return;
    free(paths[fd]);
    paths[fd] = path == NULL ? NULL : strdup(path);
}

/* Counts one call; nonzero if it is to fail, with errno set. */
static int refused(void) {
    int64_t number, at;
    if (control == NULL) return 0;
    number = ++control[CALLS];
    at = control[FAIL_AT];
    if (at == 0 || number < at || (number > at && !control[ONWARDS])) return 0;
    control[FAILED]++;
    errno = (int)control[ERROR];
    return 1;
}

static int64_t used;

static int add_up(const char *path, const struct stat *of, int type, struct FTW *at) {
    (void)at;
    if (type == FTW_F && ours(path)) used += of->st_size;
    return 0;
}

static int64_t left(void) {
    used = 0;
    nftw(directory, add_up, 8, FTW_PHYS);
    return control[CAPACITY] > used ? control[CAPACITY] - used : 0;
}

/* Nonzero, with errno set, if making the file `fd` as long as `end` takes more than there is. */
static int no_room(int fd, int64_t end) {
    struct stat now;
    if (control == NULL || control[CAPACITY] == 0 || (fd >= 0 && fstat(fd, &now) != 0)) return 0;
    if (fd >= 0 ? end <= now.st_size || end - now.st_size <= left() : left() > 0) return 0;
    control[FAILED]++;
    errno = ENOSPC;
    return 1;
}

static void note(char kind, const char *path, int64_t offset, const void *data, uint32_t size) {
    char head[17];
    uint32_t length = (uint32_t)strlen(path);
    struct iovec parts[3] = {{head, sizeof head}, {(void *)path, length}, {(void *)data, size}};
    int kept = errno;
    if (log_file < 0) return;
    head[0] = kind;
    memcpy(head + 1, &length, 4);
    memcpy(head + 5, &size, 4);
    memcpy(head + 9, &offset, 8);
    if (((ssize_t(*)(int, const struct iovec *, int))real("writev"))(log_file, parts, 3) < 0) abort();
    errno = kept;
}

/* A word of the program's own between the calls: what it has promised by now. */
void shim_mark(const char *text) {
    pthread_mutex_lock(&lock);
    note(MARK, text, 0, "", 0);
    pthread_mutex_unlock(&lock);
}

#define GUARDED(kind, test, full, call)        \
    do {                                       \
        kind result;                           \
        if (!(test)) return call;              \
        pthread_mutex_lock(&lock);             \
        result = refused() || (full) ? (kind)-1 : call;

#define DONE                                   \
        pthread_mutex_unlock(&lock);           \
        return result;                         \
    } while (0)

static int opened(int (*next)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    int result, fresh;
    if (!ours(path)) return next(path, flags, mode);
    pthread_mutex_lock(&lock);
    fresh = (flags & O_CREAT) && access(path, F_OK) != 0;
    result = (fresh || (flags & O_TRUNC)) && refused() ? -1 : fresh && no_room(-1, 0) ? -1 : next(path, flags, mode);
    if (result >= 0) {
        know(result, path);
        if (fresh) note(CREATE, path, 0, "", 0);
        else if (flags & O_TRUNC) note(TRUNCATE, path, 0, "", 0);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

#define MODE(flags)                            \
    mode_t mode = 0;                           \
    if ((flags) & O_CREAT) {                   \
        va_list rest;                          \
        va_start(rest, flags);                 \
        mode = va_arg(rest, mode_t);           \
        va_end(rest);                          \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opened((int (*)(const char *, int, ...))real("open"), path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened((int (*)(const char *, int, ...))real("open64"), path, flags, mode); }

int close(int fd) {
    pthread_mutex_lock(&lock);
    know(fd, NULL);
    pthread_mutex_unlock(&lock);
    return REAL(close)(fd);
}

ssize_t write(int fd, const void *data, size_t size) {
    GUARDED(ssize_t, path_of(fd), no_room(fd, lseek(fd, 0, SEEK_CUR) + (int64_t)size), raw_write(fd, data, size))
        if (result > 0) note(WRITE, path_of(fd), lseek(fd, 0, SEEK_CUR) - result, data, (uint32_t)result);
    DONE;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    GUARDED(ssize_t, path_of(fd), no_room(fd, offset + (int64_t)size), REAL(pwrite)(fd, data, size, offset))
        if (result > 0) note(WRITE, path_of(fd), offset, data, (uint32_t)result);
    DONE;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    GUARDED(ssize_t, path_of(fd), no_room(fd, offset + (int64_t)size), REAL(pwrite64)(fd, data, size, offset))
        if (result > 0) note(WRITE, path_of(fd), offset, data, (uint32_t)result);
    DONE;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (path_of(fd) != NULL) {
        fprintf(stderr, "shim: writev to %s, which this shim does not log\n", path_of(fd));
        abort();
    }
    return REAL(writev)(fd, parts, count);
}

int fsync(int fd) {
    GUARDED(int, path_of(fd), 0, REAL(fsync)(fd))
        if (result == 0) note(SYNC, path_of(fd), 0, "", 0);
    DONE;
}

int fdatasync(int fd) {
    GUARDED(int, path_of(fd), 0, REAL(fdatasync)(fd))
        if (result == 0) note(SYNC, path_of(fd), 0, "", 0);
    DONE;
}

int ftruncate(int fd, off_t size) {
    GUARDED(int, path_of(fd), no_room(fd, size), REAL(ftruncate)(fd, size))
        if (result == 0) note(TRUNCATE, path_of(fd), size, "", 0);
    DONE;
}

int ftruncate64(int fd, off64_t size) {
    GUARDED(int, path_of(fd), no_room(fd, size), REAL(ftruncate64)(fd, size))
        if (result == 0) note(TRUNCATE, path_of(fd), size, "", 0);
    DONE;
}

int posix_fallocate(int fd, off_t offset, off_t size) {
    int error;
    if (path_of(fd) == NULL) return REAL(posix_fallocate)(fd, offset, size);
    pthread_mutex_lock(&lock);
    error = refused() || no_room(fd, offset + size) ? errno : REAL(posix_fallocate)(fd, offset, size);
    if (error == 0) note(TRUNCATE, path_of(fd), offset + size, "", 0);
    pthread_mutex_unlock(&lock);
    return error;
}

int posix_fallocate64(int fd, off64_t offset, off64_t size) { return posix_fallocate(fd, offset, size); }

int rename(const char *from, const char *to) {
    GUARDED(int, ours(from), 0, REAL(rename)(from, to))
        if (result == 0) note(RENAME, from, 0, to, (uint32_t)strlen(to));
    DONE;
}

int unlink(const char *path) {
    GUARDED(int, ours(path) && access(path, F_OK) == 0, 0, REAL(unlink)(path))
        if (result == 0) note(UNLINK, path, 0, "", 0);
    DONE;
}

int mkdir(const char *path, mode_t mode) {
    GUARDED(int, ours(path) && access(path, F_OK) != 0, no_room(-1, 0), REAL(mkdir)(path, mode))
        if (result == 0) note(MKDIR, path, 0, "", 0);
    DONE;
}

int statvfs64(const char *path, struct statvfs64 *of) {
    int result = REAL(statvfs64)(path, of);
    if (result == 0 && ours(path) && control != NULL && control[CAPACITY] != 0) {
        pthread_mutex_lock(&lock);
        of->f_bavail = of->f_bfree = (fsblkcnt64_t)left() / of->f_frsize;
        pthread_mutex_unlock(&lock);
    }
    return result;
}

int statvfs(const char *path, struct statvfs *of) { return statvfs64(path, (struct statvfs64 *)of); }
