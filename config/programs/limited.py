"""A program: limits itself, then becomes the module that is named. Started by `config.programs.running`; knows nothing
of the product, so that it starts quickly."""

import runpy
import sys
from contextlib import suppress


def limit(cpu_seconds: int, memory: int) -> None:
    with suppress(ImportError, ValueError, OSError):  # where a system doesn't know such a limit
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    _, root, cpu_seconds, memory, module, *arguments = sys.argv
    sys.path.insert(0, root)
    limit(int(cpu_seconds), int(memory))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__")
