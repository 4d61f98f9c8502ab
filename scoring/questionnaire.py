"""The questionnaire of the check as values: what is asked, with which choices, and what an answer is worth."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.problems import ContentError, Problem
from knowledge.tables import Table, fill, no_twins, open_table

FILE = Path(__file__).with_name("check.toml")
# What was typed where words are an answer (see Question.words) is kept behind this.
SAID = "="
# What the words that answer a question must tell of: when somebody would like to come; or anything at all.
TIME, ANYTHING = "time", "anything"
LEVELS = ("urgent", "some")  # of a challenge, the weightier first
PROFILE = ("industry", "size", "prefecture", "form")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose. `points`, `a`, `b` and `counts` are what it is worth where its question is scored."""

    value: str
    label: str
    also: tuple[str, ...] = ()
    hint: str = ""
    group: str = ""
    span: tuple[int, int] | None = None
    points: int = 0
    a: int = 0
    b: int = 0
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `id` is the key of its answer in the record, `none` the label for choosing nothing.

    Where it has choices and words may answer it as well, `words` names what they must tell of (TIME); they are kept as
    they were typed. A question for a text takes even what reads like a question of the owner's own where `words` is
    ANYTHING.
    """

    id: str
    title: str
    text: str
    choices: tuple[Choice, ...] = ()
    kind: str = "one"
    limit: int = 0
    none: str = ""
    part: str = ""
    words: str = ""

    def choice(self, value: str) -> Choice | None:
        """The choice that has this value."""
        # A loop: this is asked of every answer at every turn, and a generator takes three times as long.
        for choice in self.choices:
            if choice.value == value:
                return choice
        return None


@dataclass(frozen=True, slots=True)
class Challenge:
    """One of the seven management challenges of Q2."""

    id: str
    label: str
    hint: str
    also: tuple[str, ...]

    @property
    def question(self) -> str:
        """The id of the question that asks for it."""
        return f"q2.{self.id}"


@dataclass(frozen=True, slots=True)
class Tool:
    """One kind of tool of Q3 and the challenges that it serves."""

    id: str
    label: str
    hint: str
    also: tuple[str, ...]
    serves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One of the thirteen items of Q4."""

    id: str
    category: str
    statement: str
    quick: bool

    @property
    def question(self) -> str:
        """The id of the question that asks for it."""
        return f"q4.{self.id}"


@dataclass(frozen=True, slots=True)
class Pair:
    """One A/B pair of Q5 (low literacy) or Q6 (high); its id is its question's."""

    id: str
    literacy: str
    topic: str
    quick: bool


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The whole check. Questions are found by id in `questions`, in the order of the file."""

    version: str
    source_title: str
    max_taps: dict[str, int]
    high_from: int
    challenges: tuple[Challenge, ...]
    tools: tuple[Tool, ...]
    categories: dict[str, str]
    items: tuple[Item, ...]
    pairs: tuple[Pair, ...]
    questions: dict[str, Question]

    def pairs_for(self, literacy: str, quick: bool) -> tuple[Pair, ...]:
        """The pairs asked of owners of this literacy ("high" or "low"), in the short form or whole."""
        return tuple(p for p in self.pairs if p.literacy == literacy and (p.quick or not quick))

    def items_for(self, quick: bool) -> tuple[Item, ...]:
        """The items of Q4 in the short form or whole."""
        return tuple(item for item in self.items if item.quick or not quick)


def load(path: Path = FILE) -> Questionnaire:
    """Read and check a questionnaire file; raises ContentError with every problem in it."""
    problems: list[Problem] = []
    questionnaire = read(path, problems)
    if problems:
        raise ContentError(tuple(problems))
    return questionnaire


def read(path: Path, problems: list[Problem]) -> Questionnaire:
    """A questionnaire file as far as it can be read; what is wrong with it is noted in `problems`."""
    return _read(open_table(path, problems))


@cache
def check() -> Questionnaire:
    """The questionnaire that comes with Banso."""
    return load()


def most_taps(questionnaire: Questionnaire) -> dict[str, int]:
    """The most taps that each depth can take, from the choice of the depth to the result."""
    quick = ["picks", "stage", *(item.question for item in questionnaire.items_for(quick=True))]
    full = [*(challenge.question for challenge in questionnaire.challenges), "started", "q3"]
    full += [*(item.question for item in questionnaire.items), *PROFILE, "vision"]
    asked = questionnaire.questions
    # 1 for the depth itself.
    return {
        "quick": 1 + sum(_taps(asked[id]) for id in quick) + _most_pairs(questionnaire, quick=True),
        "full": 1 + sum(_taps(asked[id]) for id in full) + _most_pairs(questionnaire, quick=False),
    }


def _most_pairs(questionnaire: Questionnaire, quick: bool) -> int:
    return max(len(questionnaire.pairs_for(literacy, quick)) for literacy in ("low", "high"))


def _taps(question: Question) -> int:
    """The most taps that one question takes: each choice put on, or all at once and the others off; then the end."""
    if question.kind != "many":
        # Choices in groups lie behind the name of their group.
        return 2 if any(choice.group for choice in question.choices) else 1
    count = len(question.choices)
    toggles = question.limit or max((min(on, count - on + 1) for on in range(1, count + 1)), default=0)
    return toggles + 1


def _read(top: Table) -> Questionnaire:
    challenges = _challenges(top)
    tools = _tools(top, {challenge.id for challenge in challenges})
    categories = _categories(top)
    items, item_questions = _items(top, categories)
    pairs, pair_questions = _pairs(top)
    asked = [
        *_challenge_questions(top, challenges),
        _many(top, "started", challenges),
        _many(top, "picks", challenges),
        _one(top, "stage"),
        _tool_question(top, tools),
        *item_questions,
        *pair_questions,
        *(_one(top, id) for id in PROFILE),
        _vision(top),
    ]
    taps = top.table("taps")
    literacy = top.table("literacy")
    literacy.text("source")
    result = Questionnaire(
        version=top.text("version"),
        source_title=top.text("source_title"),
        max_taps={"quick": taps.number("quick"), "full": taps.number("full")},
        high_from=literacy.number("high_from"),
        challenges=challenges,
        tools=tools,
        categories=categories,
        items=items,
        pairs=pairs,
        questions={question.id: question for question in asked},
    )
    for table in (top, taps, literacy):
        table.close()
    _check_bands(top, result)
    for depth, most in most_taps(result).items():
        if 0 < result.max_taps[depth] < most:
            top.complain(
                f"the worst case takes {most} taps, {result.max_taps[depth]} are promised",
                "ask less, or promise more",
                f"taps.{depth}",
            )
    return result


def _rows(top: Table, key: str) -> list[Table]:
    rows = top.tables(key)
    no_twins(rows, "id")
    return rows


def _choices(table: Table, *needed: str) -> tuple[Choice, ...]:
    """The choices of a table; `needed` is what each must say of its worth, lest it be taken for 0 or false."""
    rows = table.tables("choices")
    no_twins(rows, "value")
    no_twins(rows, "label")
    found = []
    for row in rows:
        row.text("source", "ours")
        for key in needed:
            if key not in row.data:
                row.complain("is missing", f"add `{key} = …`", key)
        span = (row.number("from"), row.number("to")) if "from" in row.data else None
        found.append(
            Choice(
                value=row.text("value"),
                label=row.text("label"),
                also=row.texts("also"),
                group=row.text("group", ""),
                span=span,
                points=row.number("points", 0),
                a=row.number("a", 0),
                b=row.number("b", 0),
                counts=row.flag("counts"),
            )
        )
        row.close()
    return tuple(found)


def _one(top: Table, id: str) -> Question:
    table = top.table(id)
    table.text("source")
    question = Question(id, table.text("title"), table.text("text"), _choices(table))
    table.close()
    return question


def _challenges(top: Table) -> tuple[Challenge, ...]:
    found = []
    for row in _rows(top, "challenges"):
        found.append(Challenge(row.text("id"), row.text("label"), row.text("hint"), row.texts("also")))
        row.close()
    return tuple(found)


def _challenge_questions(top: Table, challenges: tuple[Challenge, ...]) -> list[Question]:
    table = top.table("challenge")
    table.text("source")
    part, text, hint = table.text("title"), table.text("text"), table.text("hint")
    choices = _choices(table, "counts")
    for choice in choices:
        if choice.counts and choice.value not in LEVELS:
            table.complain(f"{choice.value!r} is no level", f"a choice that counts is one of {LEVELS}", "choices")
    table.close()
    return [
        Question(
            challenge.question,
            challenge.label,
            fill(table, f"{text}\n{hint}", label=challenge.label, hint=challenge.hint),
            choices,
            part=part,
        )
        for challenge in challenges
    ]


def _many(top: Table, id: str, challenges: tuple[Challenge, ...]) -> Question:
    table = top.table(id)
    table.text("source")
    question = Question(
        id,
        table.text("title"),
        table.text("text"),
        tuple(Choice(c.id, c.label, c.also, c.hint) for c in challenges),
        kind="many",
        limit=table.number("limit", 0),
        none=table.text("none"),
    )
    table.close()
    return question


def _tools(top: Table, challenges: set[str]) -> tuple[Tool, ...]:
    found = []
    for row in _rows(top, "tools"):
        row.text("source")
        tool = Tool(row.text("id"), row.text("label"), row.text("hint"), row.texts("also"), row.texts("serves", None))
        for unknown in sorted(set(tool.serves) - challenges):
            row.complain(f"{unknown!r} is no challenge", "name an id of [[challenges]]", "serves")
        row.close()
        found.append(tool)
    return tuple(found)


def _tool_question(top: Table, tools: tuple[Tool, ...]) -> Question:
    table = top.table("tool")
    table.text("source")
    choices = tuple(Choice(tool.id, tool.label, tool.also, tool.hint) for tool in tools)
    question = Question("q3", table.text("title"), table.text("text"), choices, kind="many", none=table.text("none"))
    table.close()
    return question


def _categories(top: Table) -> dict[str, str]:
    rows = _rows(top, "categories")
    found = {row.text("id"): row.text("label") for row in rows}
    for row in rows:
        row.close()
    return found


def _items(top: Table, categories: dict[str, str]) -> tuple[tuple[Item, ...], list[Question]]:
    table = top.table("attitude")
    table.text("source")
    part, text, choices = table.text("title"), table.text("text"), _choices(table, "points", "counts")
    table.close()
    items, questions = [], []
    for row in _rows(top, "items"):
        row.text("source")
        item = Item(row.text("id"), row.text("category"), row.text("statement"), row.flag("quick"))
        if item.category not in categories:
            row.complain(f"{item.category!r} is no category", "name an id of [[categories]]", "category")
        asked = fill(table, text, item=row.text("text"))
        questions.append(Question(item.question, row.text("title"), asked, choices, part=part))
        items.append(item)
        row.close()
    return tuple(items), questions


def _pairs(top: Table) -> tuple[tuple[Pair, ...], list[Question]]:
    table = top.table("pair")
    table.text("source")
    part, text, choices = table.text("title"), table.text("text"), _choices(table, "a", "b")
    table.close()
    pairs, questions = [], []
    for row in _rows(top, "pairs"):
        pair = Pair(row.text("id"), row.text("literacy"), row.text("topic"), row.flag("quick"))
        if pair.literacy not in ("low", "high"):
            row.complain(f"{pair.literacy!r} is no literacy", 'write "low" or "high"', "literacy")
        said = fill(table, text, topic=pair.topic, a=row.text("a"), b=row.text("b"))
        questions.append(Question(pair.id, pair.topic, said, choices, part=part))
        pairs.append(pair)
        row.close()
    return tuple(pairs), questions


def _vision(top: Table) -> Question:
    table = top.table("vision")
    table.text("source")
    examples = tuple(Choice(example, example) for example in table.texts("examples", None))
    question = Question(
        "vision",
        table.text("title"),
        table.text("text"),
        examples,
        kind="text",
        limit=table.number("limit"),
        none=table.text("skip"),
    )
    table.close()
    return question


def _check_bands(top: Table, questionnaire: Questionnaire) -> None:
    """A band that no answers can reach is as wrong as a missing one."""
    points = [c.points for q in questionnaire.questions.values() for c in q.choices if q.id.startswith("q4.")]
    count = len(questionnaire.items)
    if not points or not questionnaire.high_from:
        return
    lowest, highest = min(points) * count, max(points) * count
    if not lowest < questionnaire.high_from <= highest:
        top.complain(
            f"the band from {questionnaire.high_from} can't be reached or left: points run {lowest}-{highest}",
            "choose a threshold inside, or change the points",
            "literacy.high_from",
        )
    for literacy in ("low", "high"):
        for quick in (True, False):
            if not questionnaire.pairs_for(literacy, quick):
                top.complain(f"no pair for {literacy} literacy (quick={quick})", "add one", "pairs")
    if not questionnaire.items_for(quick=True):
        top.complain("no item of Q4 is in the short form", "mark some `quick = true`", "items")
