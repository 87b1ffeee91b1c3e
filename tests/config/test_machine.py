"""The size of a machine, and how many processes it gets."""

from pathlib import Path

import pytest

from config.machine import MIB, Machine, processes, this_machine, threads

GIB = 1024 * MIB


@pytest.mark.parametrize(
    ("memory", "cpus", "expected", "what"),
    [
        (128 * MIB, 1, 1, "there is always one"),
        (256 * MIB, 8, 1, "a quarter of a gigabyte"),
        (512 * MIB, 8, 2, "Heroku's basic and standard-1x"),
        (512 * MIB, 0.5, 2, "Render's starter"),
        (1 * GIB, 8, 4, "Heroku's standard-2x"),
        (2 * GIB, 1, 2, "Render's standard"),
        (2 * GIB, 0.1, 2, "a slice of a CPU"),
        (4 * GIB, 2, 3, "a host of two cores"),
        (8 * GIB, 4, 5, "a host of four"),
        (14 * GIB, 8, 9, "Heroku's performance-l"),
        (256 * GIB, 64, 12, "more connections than PostgreSQL takes by default are nobody's wish"),
    ],
)
def test_a_machine_gets_as_many_processes_as_its_memory_and_its_cpus_bear(
    memory: int, cpus: float, expected: int, what: str
) -> None:
    assert processes(Machine(memory, cpus)) == expected, what


def test_a_process_that_is_alone_has_more_threads() -> None:
    assert [threads(count) for count in (1, 2, 12)] == [8, 4, 4]


def test_of_any_size_web_answers_eight_at_a_time_and_leaves_half_of_postgresqls_connections() -> (
    None
):
    for memory in range(64 * MIB, 64 * GIB, 64 * MIB):
        for cpus in (0.1, 1, 2, 16, 128):
            count = processes(Machine(memory, cpus))
            assert 8 <= count * threads(count) <= 50


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def test_what_a_container_may_use_counts_and_not_what_the_machine_has(tmp_path: Path) -> None:
    limits = {"memory.max": str(512 * MIB), "cpu.max": "50000 100000"}
    write(tmp_path, {f"sys/fs/cgroup/{name}": text for name, text in limits.items()})
    assert this_machine(tmp_path) == Machine(512 * MIB, 0.5)


def test_the_tightest_of_the_limits_around_a_process_counts(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/system.slice/web.service",
        "sys/fs/cgroup/memory.max": "max",
        "sys/fs/cgroup/cpu.max": "max 100000",
        "sys/fs/cgroup/system.slice/memory.max": str(300 * MIB),
        "sys/fs/cgroup/system.slice/web.service/memory.max": str(800 * MIB),
        "sys/fs/cgroup/system.slice/web.service/cpu.max": "25000 100000",
    }
    assert this_machine(write(tmp_path, files)) == Machine(300 * MIB, 0.25)


def test_the_first_version_of_cgroups_is_read_as_on_heroku(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/lxc/dyno\n2:cpu,cpuacct:/lxc/dyno\n1:pids:/",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": str(512 * MIB),
        "sys/fs/cgroup/cpu,cpuacct/lxc/dyno/cpu.cfs_quota_us": "20000",
        "sys/fs/cgroup/cpu,cpuacct/lxc/dyno/cpu.cfs_period_us": "100000",
    }
    assert this_machine(write(tmp_path, files)) == Machine(512 * MIB, 0.2)


def test_without_limits_it_is_the_whole_machine(tmp_path: Path) -> None:
    whole = this_machine(tmp_path)
    assert whole.memory > 256 * MIB
    assert whole.cpus >= 1
    unlimited = {
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
        "sys/fs/cgroup/memory.max": "max",
    }
    assert this_machine(write(tmp_path, unlimited)) == whole
