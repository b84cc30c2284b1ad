"""Hosts on one machine: namespaces that share a bridge, each with an SSH server of its own.

A host has its own network, process ids, mounts and name, so that Ray finds on it what it finds on
a machine: its own processes only (`ray stop` kills every Ray it can see), its own /tmp, home and
shared memory. All hosts see the same repository, environment and results, as over NFS. Nothing
outlives the process that started them: namespaces have no names, and end with their process 1.

Needs root, and Debian's iproute2, openssh-server and rsync, which are installed if missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

NETWORK = "10.77.0"  # nothing outside the namespaces sees it
PACKAGES = {"ip": "iproute2", "sshd": "openssh-server", "rsync": "rsync"}
NOTHING: Mapping[str, str] = MappingProxyType({})
INIT = Path(__file__).with_name("host_init.sh")
BIN = Path(sys.executable).parent
SPACES = ("--net", "--pid", "--mount", "--uts")
TOGETHER = ("setpriv", "--pdeathsig", "KILL")  # what it starts is killed when this process is
START = 10.0  # seconds until a host's SSH server answers


def install_packages() -> None:
    """Install what is missing of `PACKAGES`, by apt."""
    search = os.environ["PATH"] + ":/usr/sbin:/sbin"
    missing = [name for tool, name in PACKAGES.items() if not shutil.which(tool, path=search)]
    if missing:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", "-qq", *command], env=quiet, check=True)


class Hosts:
    """`count` hosts, numbered from 1, and host 0 for whoever sits before them."""

    def __init__(self, folder: Path, count: int, keep: Sequence[Path]) -> None:
        """`folder` is for keys and logs; `folder` and `keep` show on every host."""
        self.folder, self._count = folder, count
        python = Path(sys.base_prefix)  # may lie in a home, which each host has for itself
        self._keep = [path.resolve() for path in (folder, BIN.parent, python, *keep)]
        self._processes: list[subprocess.Popen[bytes]] = []
        self.spaces: set[str] = set()
        self.unplugged: set[int] = set()

    def __enter__(self) -> Hosts:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def key(self) -> Path:
        """The private key that opens every host."""
        return self.folder / "key"

    def address(self, number: int) -> str:
        """A host's address."""
        return f"{NETWORK}.{10 + number}"

    def start(
        self, number: int, command: Sequence[str | Path], env: Mapping[str, str] = NOTHING
    ) -> subprocess.Popen[str]:
        """Start a command on a host, as root; what it says goes to its `stdout`.

        `env` joins the little that a command there is told of this process's environment.
        """
        inside = ["nsenter", "--target", str(self._first(number)), *SPACES, "--"]
        return subprocess.Popen(
            [*inside, *TOGETHER, *map(str, command)],
            env=self._environment(env), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(
        self,
        number: int,
        command: Sequence[str | Path],
        env: Mapping[str, str] = NOTHING,
        timeout: float = 90,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a host to its end."""
        with self.start(number, command, env) as process:
            try:
                said, _ = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(command, process.returncode, said)

    def cut(self, number: int) -> None:
        """Pull out a host's network cable."""
        self._network(0, f"link set v{number} down")
        self.unplugged.add(number)

    def stop(self) -> None:
        """Switch all hosts off."""
        for process in self._processes:
            process.kill()  # and with it, by --kill-child, process 1 and so every other
        for process in self._processes:
            process.wait(START)
        give_up = time.monotonic() + START
        while list(self.processes()) and time.monotonic() < give_up:
            time.sleep(0.05)  # the kernel is at it

    def processes(self) -> Iterator[tuple[int, str]]:
        """Id and command line of whatever runs on any host, as seen from outside."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(folder / "ns/net") in self.spaces:
                    yield int(folder.name), (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue  # it ended meanwhile, or is hidden even from root

    def _start(self) -> None:
        self._write_ssh()
        for number in range(self._count + 1):
            self._switch_on(number)
        self.spaces = {os.readlink(f"/proc/{self._first(n)}/ns/net") for n in self._numbers()}
        self._network(0, "link add br0 type bridge", "link set br0 up")
        for number in self._numbers():
            # Host 0 holds the bridge and is plugged into it like the others.
            peer = f"peer name eth0 netns {self._first(number)}"
            self._network(0, f"link add v{number} type veth {peer}")
            self._network(0, f"link set v{number} master br0 up")
            address = f"addr add {self.address(number)}/24 dev eth0"
            self._network(number, address, "link set eth0 up")
        for number in self._numbers():
            self._wait_for_ssh(number)

    def _numbers(self) -> range:
        return range(self._count + 1)

    def _write_ssh(self) -> None:
        for name in ("key", "hostkey"):
            make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(make, check=True)
        settings = (
            f"HostKey {self.folder}/hostkey",
            f"AuthorizedKeysFile {self.folder}/key.pub",
            f"SetEnv PATH={BIN}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            *("PasswordAuthentication no", "StrictModes no", "UsePAM no"),
            *("MaxSessions 100", "MaxStartups 100"),  # ray up opens many at once
        )
        (self.folder / "sshd_config").write_text("\n".join(settings) + "\n")

    def _switch_on(self, number: int) -> None:
        spaces = [*TOGETHER, "unshare", *SPACES, "--fork", "--kill-child"]
        init = ["bash", INIT, f"host{number}", self.address(number), self.folder, BIN]
        with (self.folder / f"host{number}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [*spaces, "--propagation", "private", *map(str, init)],
                    env=self._environment({"KEEP": "\n".join(map(str, self._keep))}),
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                )
            )  # fmt: skip

    def _first(self, number: int) -> int:
        """Process 1 of a host, by its id out here."""
        parent = self._processes[number].pid
        children = Path(f"/proc/{parent}/task/{parent}/children")
        give_up = time.monotonic() + START
        while not (found := children.read_text().split()):
            if time.monotonic() > give_up:
                raise RuntimeError(f"host {number} does not start: {self._log(number)}")
            time.sleep(0.02)
        return int(found[0])

    def _network(self, number: int, *commands: str) -> None:
        for command in commands:
            inside = ["nsenter", "--target", str(self._first(number)), "--net", "ip"]
            subprocess.run([*inside, *command.split()], check=True)

    def _wait_for_ssh(self, number: int) -> None:
        give_up = time.monotonic() + START
        while "Server listening" not in self._log(number):
            if time.monotonic() > give_up or self._processes[number].poll() is not None:
                raise RuntimeError(f"host {number} has no SSH server: {self._log(number)}")
            time.sleep(0.05)

    def _log(self, number: int) -> str:
        return (self.folder / f"host{number}.log").read_text()

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = f"{BIN}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        return {**kept, "PATH": path, **more}
