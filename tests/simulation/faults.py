"""What goes wrong, and what makes it well again."""

from typing import TYPE_CHECKING

from tests.simulation.plan import STEPS, Planned

if TYPE_CHECKING:
    from tests.simulation.world import World

# One and a half keep-alives: after so many silent seconds a broker hangs up.
KEPT_ALIVE = 22.5


class Happenings:
    """Armed at an instant, each comes so many steps of the loop later: at any await point."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._armed: list[list[int | Planned]] = []
        self._calm = False
        self.cursor = 0

    def arm(self, fault: Planned) -> None:
        self._armed.append([fault.steps, fault])

    def after_step(self) -> None:
        self._world.after_step()
        if not self._armed:
            return
        for each in self._armed:
            each[0] -= 1  # type: ignore[operator]
        ripe = [each[1] for each in self._armed if each[0] < 0]  # type: ignore[operator]
        if ripe:
            self._armed = [each for each in self._armed if each[1] not in ripe]
            for fault in ripe:
                self._happen(fault)  # type: ignore[arg-type]

    def _happen(self, fault: Planned) -> None:
        if self._calm:
            return
        self._world.tell(f"*** {fault.what} ({fault.size:.3f})")
        self._world.happened[fault.what] += 1
        getattr(self, "_" + fault.what.replace(" ", "_").replace("-", "_"))(fault.size)

    def all_well(self) -> None:
        """No more faults, and those that last are over."""
        world, disk = self._world, self._world.disk
        self._calm = True
        self._armed.clear()
        disk.faults.broken.clear()
        for thread in disk.threads:
            thread.stalled_until = 0.0
        world.broker.down_until = 0.0
        world.around.database.refusing = False
        for gateway in world.around.gateways.values():
            gateway.trouble = 0.0
        world.tell("all is well from now on")

    def _kill(self, size: float, power: bool = False) -> None:
        world = self._world
        if world.life is not None:
            world.crashes += 1
            world.cut_off(power)
            world.start_after(0.05 + 30.0 * size**2)

    def _power_cut(self, size: float) -> None:
        self._kill(size, power=True)

    def _stop(self, size: float) -> None:
        if self._world.life is not None:
            self._world.life.stop.set()

    def _disconnect(self, _: float) -> None:
        self._world.broker.disconnect()

    def _half_open(self, _: float) -> None:
        self._world.broker.fall_silent()

    def _broker_down(self, size: float) -> None:
        world = self._world
        world.broker.disconnect()
        world.broker.down_until = world.loop.time() + 20.0 * size

    def _lose_session(self, _: float) -> None:
        self._world.broker.lose_session()

    def _refuse(self, part: str, size: float) -> None:
        broken = self._world.disk.faults.broken
        broken.add(part)
        self._world.loop.outside(5.0 * size, broken.discard, part)

    def _journal_refuses(self, size: float) -> None:
        self._refuse("journal", size)

    def _outbox_refuses(self, size: float) -> None:
        self._refuse("outbox", size)

    def _snapshots_refuse(self, size: float) -> None:
        self._refuse("snapshots", 4 * size)

    def _damage_snapshot(self, _: float) -> None:
        self._world.disk.snapshots.damaged = True

    def _disk_stalls(self, size: float) -> None:
        thread = self._world.disk.threads[int(size * 2)]
        thread.stalled_until = self._world.loop.time() + 8.0 * size

    def _database_stalls(self, size: float) -> None:
        self._world.disk.threads[2].stalled_until = self._world.loop.time() + 20.0 * size

    def _database_refuses(self, size: float) -> None:
        database = self._world.around.database
        database.refusing = True
        self._world.loop.outside(20.0 * size, setattr, database, "refusing", False)

    def _database_killed(self, _: float) -> None:
        self._world.around.database.kill()

    def _gateway_trouble(self, size: float) -> None:
        gateways = self._world.around.gateways
        gateway = gateways["sms" if size < 0.5 else "loudspeaker"]
        gateway.trouble = 0.8
        self._world.loop.outside(10.0 + 20.0 * size, setattr, gateway, "trouble", 0.0)

    def _reload(self, size: float) -> None:
        self._world.reload(int(size * 3))

    def _wall_steps(self, size: float) -> None:
        step = STEPS[int(size * len(STEPS))]
        self._world.stepped += step if int(size * 1000) % 2 else -step

    def _upkeep(self, _: float) -> None:
        if not self._world.disk.faults.refuses("journal"):
            self._world.disk.journal.maintain(0)

    def _suspend(self, size: float) -> None:
        """The machine stood still; a broker does not wait for long."""
        seconds = 2.0 + 300.0 * size**2
        self._world.loop.jump(seconds)
        if seconds > KEPT_ALIVE:
            self._world.broker.disconnect()
