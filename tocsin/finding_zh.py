"""This package's findings in Chinese: each template of `words` and its counterpart."""

CHINESE: dict[str, str] = {
    # tocsin/channel_settings.py
    "write the name of a variable of the environment": "写环境变量的名称",
    "write an http or https address without user, ?, # and %": "写 http 或 https 地址，不含用户名、?、# 和 %",
    "write an https address, or http on loopback, without user and password": (
        "写 https 地址，或本机回环的 http 地址，不含用户名和密码"
    ),
    "Apprise reaches phone, email or public; horns are reached via loudspeaker": (
        "Apprise 只能到达 phone、email 或 public；大喇叭走 loudspeaker"
    ),
    'write the country code alone, in quotes: "86"': '只写引号里的国家代码："86"',
    "there is no template for {missing}": "没有用于 {missing} 的模板",
    "silent_after must be longer than poll_every: every horn would be silent": (
        "silent_after 必须长于 poll_every：否则所有大喇叭都会算作无应答"
    ),
    "write an http or https address that ends in /": "写以 / 结尾的 http 或 https 地址",
    "write it without spaces, commas, < and &": "不能含空格、逗号、< 和 &",
    "write its 14 digits in quotes": "写引号里的 14 位数字",
    "the feed of a drill needs the id of the exercise": "演练的发布端要写演练编号（exercise）",
    "give one of {keys}": "必须且只能写其中一个：{keys}",
    "the url holds a user or a password: write it into a file, and url_file": (
        "url 含有用户名或密码：把它写进文件，并改写 url_file"
    ),
    "{provider} needs {key}": "{provider} 需要 {key}",
    "{provider} knows no {key}": "{provider} 没有 {key}",
    # tocsin/configuration.py
    "No such file or directory": "没有这个文件或目录",
    "Permission denied": "没有权限",
    "Is a directory": "是一个目录",
    "Not a directory": "不是目录",
    "File name too long": "文件名过长",
    "the system refuses it, error {number}": "系统拒绝读取，错误 {number}",
    "not UTF-8: byte {byte:#04x} at {position}": (
        "不是 UTF-8：第 {position} 个字节（从 0 数起）是 {byte:#04x}"
    ),
    "no file has such a name": "文件不会有这样的名称",
    "cannot be read: {reason}": "无法读取：{reason}",
    "is the name in the settings right?": "设置中的文件名对吗？",
    "bundle {hash} of the state directory": "状态目录中的配置包 {hash}",
    "{bundle}: {file}": "{bundle}：{file}",
    "the journal is still to be judged by it, and this version cannot read it": (
        "日志还要按它研判，而本版本读不了它"
    ),
    "let the version that wrote it apply files that both versions read, stop it, and start this one": (
        "先用写下它的版本应用两个版本都能读的文件，停止，再启动本版本"
    ),
    "{count} of its sensors stand in {other} too, '{first}' the first": (
        "其中 {count} 个传感器也在 {other} 中，第一个是 '{first}'"
    ),
    "a sensor stands in one file": "一个传感器只写在一个文件里",
    "no rule raises the hazard {hazard}": "没有规则会发出灾种 {hazard}",
    "there are: {known}": "现有：{known}",
    "no rule file (*.yaml) in this directory": "该目录中没有规则文件（*.yaml）",
    # tocsin/settings.py
    "{name} is a channel of the realm {realm}, and these settings are {wanted}": (
        "{name} 是 {realm} 的渠道，而这份设置是 {wanted}"
    ),
    "give it a gateway and credentials of the realm {realm}, or take it out": (
        "给它配 {realm} 的网关和凭证，或去掉它"
    ),
    "store {store} needs a url, for example http://127.0.0.1:8428": (
        "存储 {store} 需要 url，例如 http://127.0.0.1:8428"
    ),
    "within must be at least twice every: one canary may be lost on its way": (
        "within 至少是 every 的两倍：自检读数可能在途中丢失一次"
    ),
    "give heartbeat_url or heartbeat_url_file, not both": "heartbeat_url 和 heartbeat_url_file 只写一个",
    "no such time zone; write it as in Asia/Shanghai": "没有这个时区；写成 Asia/Shanghai 这样",
    # tocsin/shortcomings.py
    "{channel}: {problem}; and {more} more like it": "{channel}：{problem}；另有 {more} 处类似",
    "{channel}: {problem}": "{channel}：{problem}",
    "ask the cloud for a wider parameter and give it under limits, or shorten title or name": (
        "向云厂商申请更长的参数并写在 limits 中，或缩短标题或名称"
    ),
    # tocsin/trials.py
    "the settings do not name the file of kinds": "设置没有写明种类文件",
    "tocsin check": "运行 tocsin check",
}
