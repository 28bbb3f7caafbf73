"""A cohort on a Dask cluster of others, and on one of its own, while parts of it die."""

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager

import psutil
import pytest
from people import anklet, small, tables
from places import REPO

QUIET = "--host", "127.0.0.1", "--no-dashboard"
LIMIT_S = 600  # a busy machine is slow, a hanging one is for ever


@contextmanager
def dask(*args, ready, **env):
    """A process of Dask's, once it has said what `ready` matches; gives it and the match."""
    command = [sys.executable, "-m", "dask", *map(str, args)]
    more = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "60s", **env}
    child = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=os.environ | more,
    )
    said: queue.Queue[str] = queue.Queue()

    def read():
        for line in child.stderr or ():
            said.put(line)

    threading.Thread(target=read, daemon=True).start()
    try:
        while not (found := re.search(ready, said.get(timeout=LIMIT_S))):
            pass
        yield child, found
    finally:
        child.kill()
        child.wait()


def worker(address, **env):
    """A worker of another process, as dask() gives it."""
    return dask(
        *("worker", address, *QUIET, "--nthreads", 1, "--no-nanny"),
        ready=r"Starting established connection|Registered to",
        **env,
    )


@contextmanager
def cluster(workers=2):
    """A scheduler and workers of other processes: the scheduler, its address, the workers."""
    with ExitStack() as stack:
        scheduler, found = stack.enter_context(
            dask("scheduler", *QUIET, "--port", 0, ready=r"Scheduler at: +(tcp://\S+)")
        )
        address = found[1]
        yield scheduler, address, [stack.enter_context(worker(address))[0] for _ in range(workers)]


def run(plan, out, *more):
    """The command's exit code and what it said."""
    with anklet("cohort", "run", plan, "--out", out, *more) as child:
        said, complaints = child.communicate(timeout=LIMIT_S)
    return child.returncode, said, complaints


def in_the_middle(plan, out, *more, strike):
    """As run; as soon as a part is done, `strike` is called with the command's process."""
    with anklet("cohort", "run", plan, "--out", out, *more) as child:
        deadline = time.monotonic() + LIMIT_S
        while not list(out.glob("run/*.parquet")):
            assert child.poll() is None, child.stderr and child.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        strike(child)
        said, complaints = child.communicate(timeout=LIMIT_S)
    return child.returncode, said, complaints


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A manifest that takes some seconds, and what undisturbed work makes of it."""
    folder = tmp_path_factory.mktemp("many")
    plan = small(folder, people=50, nights=2, many=500)
    assert run(plan, folder / "whole", "--workers", 1)[0] == 9
    return plan, tables(folder / "whole")


def test_a_cluster_of_others_is_used_and_its_death_survived(many, tmp_path):
    plan, undisturbed = many
    out = tmp_path / "out"
    with cluster() as (scheduler, address, workers):
        code, said, complaints = in_the_middle(
            plan, out, "--scheduler", address, strike=lambda _: workers[0].kill()
        )
        assert code == 9, complaints
        assert "on 2 workers" in said
        assert tables(out) == undisturbed
        shutil.rmtree(out)
        code, _, complaints = in_the_middle(
            plan, out, "--scheduler", address, strike=lambda _: scheduler.kill()
        )
        assert code == 1
        assert "The Dask scheduler has gone; run the same command again" in complaints
        assert "Traceback" not in complaints
    assert len(tables(out)) < len(undisturbed)
    assert run(plan, out, "--workers", 2)[0] == 9
    assert tables(out) == undisturbed


def test_a_worker_of_ours_that_is_killed_is_replaced(many, tmp_path):
    plan, undisturbed = many

    def strike(child):
        below = psutil.Process(child.pid).children(recursive=True)
        workers = [p for p in below if "spawn_main" in " ".join(p.cmdline())]
        os.kill(workers[0].pid, signal.SIGKILL)

    code, _, complaints = in_the_middle(plan, tmp_path / "out", "--workers", 2, strike=strike)
    assert code == 9, complaints
    assert tables(tmp_path / "out") == undisturbed


def test_a_cluster_that_is_no_use_is_refused_before_anything_is_written(many, tmp_path):
    """Without workers, and with one of another version."""
    plan, _ = many
    for name in ("firmware", "boards", "host_tools"):
        shutil.copytree(REPO / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    rules = tmp_path / "firmware" / "plmcore" / "rules.py"
    rules.write_text(rules.read_text() + "# another version\n")
    with cluster(0) as (_, address, _):
        for other, said in ((0, "has no workers"), (1, "has another version of anklet")):
            with ExitStack() as stack:
                if other:
                    stack.enter_context(worker(address, PYTHONPATH=str(tmp_path / "host_tools")))
                code, _, complaints = run(plan, tmp_path / "out", "--scheduler", address)
            assert (code, len(complaints.strip().splitlines())) == (2, 1)
            assert said in complaints
            assert not (tmp_path / "out").exists()
