"""The installed header compiles alone as C99, C17 and C++, and the library exports what it declares and no more."""

import re
import shutil
import subprocess
import sys


def compiles(header, *flags):
    run = subprocess.run([*flags, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", header],
                         capture_output=True, text=True)
    if run.returncode:
        print("# " + run.stderr.replace("\n", "\n# "))
    return run.returncode == 0


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in lines.splitlines()}


def main(header, symbols, library, compiler):
    declared = set(re.findall(r"\b(sidetok_\w+)\(", re.sub(r"/\*.*?\*/", "", open(header).read(), flags=re.S)))
    declared -= {"sidetok_done"}
    listed = set(re.findall(r"^\s+(sidetok_\w+);", open(symbols).read(), re.M))
    checks = [
        ("header compiles alone as C99", compiles(header, compiler, "-xc", "-std=c99")),
        ("header compiles alone as C17", compiles(header, compiler, "-xc", "-std=c17")),
        ("every declared function is listed", declared == listed),
        ("the library exports what is listed and no more", exported(library) == listed),
    ]
    cxx = shutil.which("c++")
    checks.append(("header compiles alone as C++ # SKIP no C++ compiler", True) if cxx is None else
                  ("header compiles alone as C++", compiles(header, cxx, "-xc++", "-std=c++11")))
    print(f"1..{len(checks)}")
    for i, (name, holds) in enumerate(checks, 1):
        print(f"{'ok' if holds else 'not ok'} {i} - {name}")
    for difference in sorted(declared ^ listed) + sorted(exported(library) ^ listed):
        print("# differs:", difference)
    return 0 if all(holds for _, holds in checks) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
