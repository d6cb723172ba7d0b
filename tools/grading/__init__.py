"""Grading a folder of returned notebooks without any other tool.

    python -m tools.grading FOLDER [--out FOLDER]

`collecting` finds the answers in a notebook by their content, `worker` runs one of them
in a process of its own under `isolation`, `judging` compares what came back, and
`reporting` writes the table, a page for each student, and the slips of the class.
"""
