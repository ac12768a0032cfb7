"""Where every command begins; any Python can read this file.

A Python that is too old is told so in a sentence. Whatever a command needs is installed into .venv
on the first start.
"""

import importlib
import sys

OLDEST = (3, 11)


def complaint(version):
    # type: (tuple[int | str, ...]) -> str | None
    """The sentence for a Python of this version, or None if it is new enough."""
    if tuple(version[:2]) >= OLDEST:
        return None
    return "RelRec needs Python {}.{} or newer, and this is Python {}.{}. {}".format(
        OLDEST[0],
        OLDEST[1],
        version[0],
        version[1],
        "Install a newer one and start this script with it, for example: python3.11 " + sys.argv[0],
    )


def start(module, prepared=True):
    # type: (str, bool) -> int
    """Run `main(arguments)` of a module and give back its exit code.

    Args:
        module: dotted name.
        prepared: in the project's own environment; a module that has something to say before it is
            made enters it by itself.
    """
    sentence = complaint(sys.version_info)
    if sentence:
        sys.exit(sentence)
    if prepared:
        from scripts import environment

        environment.enter_or_say()
    return int(importlib.import_module(module).main(sys.argv[1:]))
