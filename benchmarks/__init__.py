"""What the sandbox costs, as ratios measured in one run: ``python -m benchmarks``.

A part is a module with ``measure(*, quick: bool) -> Iterator[Figure]``, named in
`benchmarks.__main__.PARTS`: its figures, in the order in which they are shown, those
with an aim among them.  *quick* takes a second or two and proves that it works.
"""
