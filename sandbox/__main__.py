"""``python -m sandbox`` is ``wexio-sandbox``."""

from sandbox.cli import main

if __name__ == "__main__":
    main()
