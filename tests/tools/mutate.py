"""Changes the rules of payment one at a time, and tells which changes the tests do not notice. See tests/mutate."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / "target" / "mutated"
RULES = pathlib.Path("services/payment/domain/src")
TEST = ["cargo", "nextest", "run", "-p", "niva-payment-domain", "--locked", "--cargo-quiet", "--no-fail-fast"]


def mutations():
    """Each line: whether it may survive and why, file, text, other text."""
    why = None
    for line in (ROOT / "tests" / "mutations.txt").read_text().splitlines():
        if line.startswith("survives:"):
            why = line.removeprefix("survives:").strip()
        elif line and not line.startswith("#"):
            file, change = line.split(": ", 1)
            # A text may have arrows of its own: the two halves are parted where the left stands in the file.
            yield why, file, change
            why = None


def parted(change, text):
    """The text that is in the file once, and what takes its place; None when there is no such."""
    parts = change.split(" => ")
    for at in range(1, len(parts)):
        before, after = " => ".join(parts[:at]), " => ".join(parts[at:])
        if text.count(before) == 1 and before != after and len(parts) == 2 * at:
            return before, after
    halves = [(" => ".join(parts[:at]), " => ".join(parts[at:])) for at in range(1, len(parts))]
    once = [half for half in halves if text.count(half[0]) == 1]
    return once[-1] if once else None


def copy():
    if COPY.exists():
        shutil.rmtree(COPY)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)


def noticed():
    env = dict(os.environ, CARGO_TARGET_DIR=str(ROOT / "target" / "mutated-build"), CARGO_TERM_PROGRESS_WHEN="never")
    env["NEXTEST_FAIL_FAST"] = "1"
    return subprocess.run(TEST[:-1] + ["--fail-fast"], cwd=COPY, env=env, capture_output=True, text=True)


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    copy()
    whole = noticed()
    if whole.returncode != 0:
        print(whole.stdout + whole.stderr)
        sys.exit("the tests fail without any change")
    caught, told, bad = 0, 0, []
    for why, file, change in mutations():
        if wanted not in f"{file}: {change}":
            continue
        path, since = COPY / RULES / file, time.monotonic()
        text = path.read_text()
        found = parted(change, text)
        if found is None:
            bad.append(f"cannot be made: {file}: {change}")
            print(bad[-1], flush=True)
            continue
        path.write_text(text.replace(*found))
        run = noticed()
        path.write_text(text)
        os.utime(path)
        compiled = "error: could not compile" not in run.stderr
        took = time.monotonic() - since
        if not compiled:
            bad.append(f"does not compile: {file}: {change}")
        elif run.returncode != 0:
            caught += 1
        elif why:
            told += 1
        else:
            bad.append(f"goes unnoticed: {file}: {change}")
        state = "caught" if run.returncode != 0 and compiled else (f"survives: {why}" if why else bad[-1])
        print(f"{took:5.1f} s  {state}: {file}: {change}" if run.returncode != 0 and compiled else f"{took:5.1f} s  {state}", flush=True)
    print(f"{caught} changes caught, {told} that nothing can notice, {len(bad)} wrong")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
