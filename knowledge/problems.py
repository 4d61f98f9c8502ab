"""What is wrong with a content file, said so that the person who edits it can mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One defect: the file, the place in it, what is wrong, and what to do."""

    file: str
    place: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.what}; {self.remedy}"


class ContentError(Exception):
    """Content that contradicts itself; carries every problem found, not the first alone."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
