"""Searching: what owners write finds the entry they mean, and what no entry is for is known as such."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import faq as commands
from bot.content import ROOT
from knowledge import faq, lexicon, search
from knowledge.folding import fold, plain
from knowledge.lexicon import Lexicon
from knowledge.problems import ContentError, Problem
from knowledge.search import Collection, Document, Finding, Owner, Tuning
from knowledge.words import sound, words

GARBAGE = Document("garbage", "ゴミの収集日はいつですか", "可燃ごみは月曜日と木曜日です。")
SEAL = Document("seal", "印鑑登録の方法を教えてください", "市民課の窓口で申請します。")
LIBRARY = Document("library", "図書館の開館時間は何時ですか", "午前9時から午後7時までです。")
SHOP = Document("shop", "補助金は使えますか", "お店の人の答えです。", industries=("retail",))
PLANT = Document("plant", "補助金は使えますか", "工場の人の答えです。", industries=("manufacturing",))
TOKYO = Document("tokyo", "東京都に補助金はありますか", "あります。", places=("東京都",))
OSAKA = Document("osaka", "大阪府に補助金はありますか", "あります。", places=("大阪府",))
TOWN = Collection((GARBAGE, SEAL, LIBRARY), Lexicon())


def ids(finding: Finding) -> list[str]:
    return [hit.document.id for hit in finding.hits]


def first(query: str) -> str:
    """The entry of ours that comes first."""
    return ids(search.search(search.packaged(), query))[0]


# ---------------------------------------------------------------- folding


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ｲﾝﾎﾞｲｽ", "インボイス"),
        ("インボイス", "いんぼいす"),
        ("スキャナー", "スキャナ"),
        ("サーバー", "サ−バ−"),
        ("T番号", "t番号"),
        ("2割 特例!", "２割特例"),
        ("㈱", "(株)"),
    ],
)
def test_what_is_written_differently_folds_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_a_dash_between_numbers_is_no_long_vowel() -> None:
    assert plain("9-17時") == "9-17時"


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(("one", "other"), [("見積り", "見積もり"), ("支払い", "支払う"), ("仕入れ", "仕入れる")])
def test_okurigana_make_no_difference(one: str, other: str) -> None:
    assert [word.base for word in words(one)] == [word.base for word in words(other)]


def test_kanji_and_kana_sound_alike() -> None:
    assert sound(words("登録番号")) == sound(words("とうろくばんごう"))


# ---------------------------------------------------------------- finding


@pytest.mark.parametrize(
    ("query", "id"),
    [
        ("ごみ いつ", "garbage"),
        ("いんかんとうろく", "seal"),
        ("トショカンノカイカンジカン", "library"),
        ("印艦登録のやり方", "seal"),
        ("開館時感", "library"),
    ],
)
def test_any_collection_is_found_by_words_kana_and_with_typos(query: str, id: str) -> None:
    assert ids(search.search(TOWN, query))[0] == id


def test_a_lexicon_turns_the_owner_s_word_into_the_official_one() -> None:
    known = Lexicon(means={"判子": ("印鑑",)})
    assert not search.search(TOWN, "判子を作ったら").hits
    assert ids(search.search(Collection(TOWN.documents, known), "判子を作ったら")) == ["seal"]


def test_the_lexicon_hears_kana() -> None:
    known = Lexicon(means={"書庫巡り": ("図書",)}, sounds={fold("しょこめぐり"): ("図書",)})
    assert ids(search.search(Collection(TOWN.documents, known), "しょこめぐり"))[0] == "library"


def test_kana_without_a_gap_are_read_as_the_words_that_the_entries_know() -> None:
    read = TOWN.words("いんかんとうろくをしたい")
    assert [word.base for word in read if word.content][:2] == ["印鑑", "登録"]


def test_kana_that_no_entry_knows_stay_what_the_tokenizer_made_of_them() -> None:
    assert [word.base for word in TOWN.words("ありがとうさん")] == [word.base for word in words("ありがとうさん")]


def test_dialect_is_understood_in_what_is_asked_and_in_the_entries() -> None:
    known = Lexicon(dialect={"ほかして": "捨てて", "なんぼ": "いくら"})
    bin, fee = Document("bin", "紙を捨ててもいいですか", "はい。"), Document("fee", "なんぼかかるん", "無料です。")
    town = Collection((bin, fee), known, Tuning(sounds=0.0))
    assert ids(search.search(town, "ほかしてもええか")) == ["bin"]
    assert ids(search.search(town, "いくら")) == ["fee"]


def test_the_longest_form_of_a_dialect_is_taken() -> None:
    assert Lexicon(dialect={"なんぼ": "いくら", "なんぼでも": "何度も"}).standard("なんぼでも") == "何度も"


def test_the_dialects_touch_no_title_and_no_reading_of_one() -> None:
    known = lexicon.lexicon()
    texts = [text for entry in faq.entries().values() for text in (entry.title, fold(sound(words(entry.title))))]
    assert [text for text in texts if known.standard(text) != plain(text)] == []


def test_a_town_that_no_title_names_finds_what_was_asked_of_another_town() -> None:
    where = Document("where", "窓口はどこですか", "各地にあります。", ask=("仙台の窓口", "札幌で相談したい"))
    town = Collection((*TOWN.documents, where, TOKYO), Lexicon())
    assert ids(search.search(town, "鹿児島だとどうなの"))[0] == "where"
    assert ids(search.search(town, "東京だとどうなの"))[0] == "tokyo"


def test_of_two_the_one_that_has_more_of_what_was_asked_comes_first() -> None:
    loud = Document("loud", "補助金の補助金", "補助金です。", ask=("補助金",))
    whole = Document("whole", "パソコンと机と椅子と補助金", "はい。")
    found = search.search(Collection((*TOWN.documents, loud, whole), Lexicon()), "補助金で机")
    assert ids(found)[0] == "whole"


def test_other_phrasings_lead_to_an_entry() -> None:
    asked = Document("seal", SEAL.title, SEAL.answer, ask=("ハンコを届けたい",))
    assert not search.search(TOWN, "ハンコ").hits
    assert ids(search.search(Collection((GARBAGE, asked), Lexicon()), "ハンコ")) == ["seal"]


@pytest.mark.parametrize(("industry", "id"), [("retail", "shop"), ("manufacturing", "plant")])
def test_of_equals_the_one_for_the_owner_s_industry_comes_first(industry: str, id: str) -> None:
    both = Collection((SHOP, PLANT), Lexicon())
    assert ids(search.search(both, "補助金", owner=Owner(industry=industry)))[0] == id


@pytest.mark.parametrize("place", ["東京都", "大阪府"])
def test_of_equals_the_one_for_the_owner_s_prefecture_comes_first(place: str) -> None:
    found = search.search(Collection((TOKYO, OSAKA), Lexicon()), "補助金はありますか", owner=Owner(prefecture=place))
    assert found.hits[0].document.places == (place,)


def test_a_prefecture_that_is_named_weighs_more_than_the_owner_s() -> None:
    found = search.search(Collection((TOKYO, OSAKA), Lexicon()), "大阪府の補助金", owner=Owner(prefecture="東京都"))
    assert ids(found)[0] == "osaka"


def test_no_more_is_given_than_is_wanted() -> None:
    assert len(search.search(search.packaged(), "補助金", limit=2).hits) == 2


def test_the_best_comes_first() -> None:
    scores = [hit.score for hit in search.search(search.packaged(), "補助金はいつもらえますか").hits]
    assert scores == sorted(scores, reverse=True)


def test_an_empty_collection_finds_nothing() -> None:
    assert search.search(Collection((), Lexicon()), "補助金") == Finding(False, ())


def test_each_entry_of_ours_is_found_by_its_own_title() -> None:
    missed = [entry.id for entry in faq.entries().values() if first(entry.title) != entry.id]
    assert missed == []


# ---------------------------------------------------------------- knowing


OUTSIDE = Lexicon(outside=(lexicon.Outside("tax", "相続税", False), lexicon.Outside("abuse", "ぼけなす", True)))


@pytest.mark.parametrize("query", ["そうぞくぜい", "としょかんのそうぞくぜいについて", "ソウゾクゼイ"])
def test_what_lies_outside_is_known_in_kana(query: str) -> None:
    typed = Lexicon(outside=(lexicon.Outside("tax", "相続税", False, fold("そうぞくぜい")),))
    assert search.search(Collection(TOWN.documents, typed), query).outside == "tax"


def test_a_document_that_names_what_lies_outside_must_answer_the_rest_too() -> None:
    heirs = Document("heirs", "相続税はどこに聞けばいいですか", "税務署です。")
    town = Collection((*TOWN.documents, heirs), OUTSIDE)
    assert search.search(town, "相続税の還付で離婚の財産分与と土地の評価").outside == "tax"


@pytest.mark.parametrize(("query", "kind"), [("図書館の相続税", "tax"), ("図書館のぼけなす", "abuse"), ("図書館", "")])
def test_what_lies_outside_is_named_and_not_answered(query: str, kind: str) -> None:
    found = search.search(Collection(TOWN.documents, OUTSIDE), query)
    assert found.outside == kind
    assert not (kind and found.confident)


def test_what_a_collection_has_a_question_on_is_not_outside() -> None:
    heirs = Document("heirs", "相続税はどこに聞けばいいですか", "税務署です。")
    assert search.search(Collection((*TOWN.documents, heirs), OUTSIDE), "相続税").outside == ""


def test_an_insult_is_outside_of_any_collection() -> None:
    rude = Document("rude", "ぼけなすの育て方", "水をやります。")
    assert search.search(Collection((*TOWN.documents, rude), OUTSIDE), "ぼけなす").outside == "abuse"


@pytest.mark.parametrize("query", ["", " ", "🍣🍣", "qwertz", "よい天気の散歩道", "Where is the station?"])
def test_what_no_entry_speaks_of_is_not_answered(query: str) -> None:
    assert not search.search(search.packaged(), query).confident


@pytest.mark.parametrize(
    "query",
    [
        "2割特例はいつまで使えますか",
        "GビズIDプライム",
        "電帳法は何から始めればいい",
        "こんにちは。2割特例はいつまで使えますか",
        "ありがとう。それで持続化補助金の締切はいつですか",
        "天気に左右される商売ですが使える補助金はありますか",
        "ゴミ収集の会社ですが持続化補助金は使えますか",
        "ビザカードの明細で控除できますか",
    ],
)
def test_what_an_entry_speaks_of_is_answered(query: str) -> None:
    assert search.search(search.packaged(), query).confident


# ---------------------------------------------------------------- whatever is typed


HARD = (
    *("a" * 10_000, "あ" * 10_000, "漢" * 10_000, "1" * 10_000, "登録番号のない相手への支払い" * 800, "😀" * 5_000),
    *(
        r".*+?[(\1{9}",
        "%s {} {0.__class__}",
        "\x00\ud800\udfff",
        "ﷺ" * 10_000,
        "زكاة",
        "你好",
        "Ignore all",
        "' OR 1=1 --",
    ),
)


@pytest.mark.parametrize("query", HARD, ids=[repr(query[:6]) for query in HARD])
def test_bad_input_is_answered_within_a_tenth_of_a_second(query: str) -> None:
    search.search(search.packaged(), "補助金")  # so that loading is not measured
    # Processor time, which other processes on the machine do not add to; the best of three, for the collector's sake.
    assert min(_spent(query) for _ in range(3)) < 0.1


def _spent(query: str) -> float:
    start = time.thread_time()
    search.search(search.packaged(), query)
    return time.thread_time() - start


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_whatever_is_typed_has_an_answer(query: str) -> None:
    found = search.search(search.packaged(), query, limit=3)
    assert len(found.hits) <= 3
    assert found.hits or not found.confident


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="補助金インボイスいくら2割", min_size=1))
def test_width_and_spaces_change_nothing(query: str) -> None:
    wide = query.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    assert search.search(search.packaged(), wide) == search.search(search.packaged(), query)


def test_two_threads_search_at_once() -> None:
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(20):
                assert first("2割特例はいつまで使えますか") == "niwari-itsumade"
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


# ---------------------------------------------------------------- the lexicon


GOOD = """
    empty = ["教える"]

    [[dialect]]
    plain = "いくら"
    said = ["なんぼ"]

    [[means]]
    term = "登録番号"
    said = ["T番号"]

    [[outside]]
    kind = "abuse"
    always = true
    said = ["ぼけなす"]
"""


def lexicon_problems(folder: Path, text: str) -> tuple[Problem, ...]:
    path = folder / "lexicon.toml"
    path.write_text(dedent(text), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        lexicon.load(path)
    return caught.value.problems


def test_a_good_lexicon_loads(tmp_path: Path) -> None:
    (tmp_path / "lexicon.toml").write_text(dedent(GOOD), encoding="utf-8")
    found = lexicon.load(tmp_path / "lexicon.toml")
    assert found.dialect == {"なんぼ": "いくら"}
    assert found.means == {"t番号": ("登録", "番号")}
    assert found.outside == (lexicon.Outside("abuse", "ぼけなす", True),)
    assert "教" in found.empty


@pytest.mark.parametrize(
    ("old", "new", "place", "what"),
    [
        ('said = ["T番号"]', 'said = ["T番号", "T番号"]', "means[登録番号].said", "stands twice"),
        ('said = ["T番号"]', 'said = ["T"]', "means[登録番号].said", "too short"),
        ('said = ["T番号"]', 'said = ["登録番号"]', "means[登録番号].said", "is the term itself"),
        ('said = ["T番号"]', "", "means[登録番号].said", "is missing"),
        ('term = "登録番号"', 'term = ""', "means[0].term", "is empty"),
        (
            "[[outside]]",
            '[[means]]\n    term = "番号"\n    said = ["T番号"]\n    [[outside]]',
            "means[番号].said",
            "another",
        ),
        (
            "[[means]]",
            '[[dialect]]\n    plain = "何"\n    said = ["なんぼ"]\n    [[means]]',
            "dialect[何].said",
            "else",
        ),
        ('plain = "いくら"', "", "dialect[0].plain", "is missing"),
        ("always = true", "allways = true", "outside[abuse].allways", "not known"),
        ('kind = "abuse"', "", "outside[0].kind", "is missing"),
        ('empty = ["教える"]', "", "empty", "is missing"),
    ],
)
def test_each_defect_of_a_lexicon_is_told(tmp_path: Path, old: str, new: str, place: str, what: str) -> None:
    assert old in GOOD
    found = lexicon_problems(tmp_path, GOOD.replace(old, new))
    assert any(problem.place == place and what in problem.what for problem in found), found


def test_every_term_of_the_lexicon_has_words_that_an_entry_has() -> None:
    known = search.packaged().terms.weight
    strange = {
        said: bases for said, bases in lexicon.lexicon().means.items() if not any(base in known for base in bases)
    }
    assert strange == {}


# ---------------------------------------------------------------- the queries it is measured on


SETS = [path.stem for path in sorted((ROOT / "tests/faq").glob("*.jsonl"))]


def measured(half: str) -> list[dict[str, Any]]:
    text = (ROOT / f"tests/faq/{half}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_the_sets_share_no_query_and_name_entries_that_exist() -> None:
    rows = [row for half in SETS for row in measured(half)]
    assert len({row["query"] for row in rows}) == len(rows)
    assert {id for row in rows for id in row["wanted"]} <= faq.entries().keys()


def test_what_it_is_measured_on_was_not_copied_from_the_entries() -> None:
    taken = {fold(text) for entry in faq.entries().values() for text in (entry.title, *entry.ask)}
    # A few words are what anybody would write; of what is longer, little may be the same by chance.
    long = [row["query"] for half in SETS for row in measured(half) if len(row["query"]) > 15]
    assert sum(fold(query) in taken for query in long) / len(long) < 0.05


def test_on_the_development_half_it_answers_as_well_as_when_it_was_tuned() -> None:
    found = [(row, search.search(search.packaged(), row["query"])) for row in measured("dev")]
    right = [row["wanted"] and ids(finding)[0] in row["wanted"] for row, finding in found if row["wanted"]]
    answered = [row["query"] for row, finding in found if not row["wanted"] and finding.confident]
    assert sum(map(bool, right)) / len(right) >= 0.88
    assert answered == []


# ---------------------------------------------------------------- the command


def test_a_batch_over_another_collection_prints_a_line_for_each_query(tmp_path: Path) -> None:
    entries, queries = tmp_path / "entries.jsonl", tmp_path / "queries.jsonl"
    rows = [{"id": one.id, "question": one.title, "answer": one.answer} for one in TOWN.documents]
    entries.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    queries.write_text('{"id": "1", "query": "図書館"}\n\n{"id": 2, "query": "ごみ"}\n', encoding="utf-8-sig")
    printed = list(commands.batch(commands.collection(entries), queries, 1))
    assert [(row["id"], row["results"][0]["id"]) for row in printed] == [("1", "library"), ("2", "garbage")]
    assert printed[0]["results"][0]["answer"] == LIBRARY.answer


def test_every_bad_line_of_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"id": "1", "query": "図書館"}\nnonsense\n[]\n{"id": "3"}\n' + "[" * 100_000, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        list(commands.batch(TOWN, path, 1))
    assert [problem.place for problem in caught.value.problems] == ["line 2", "line 3", "line 4", "line 5"]


def test_an_answer_in_the_print_is_all_that_the_owner_can_read() -> None:
    printed = commands.found(search.packaged(), "2割特例はいつまで使えますか", 1)["results"][0]
    entry = faq.entries()[printed["id"]]
    assert all(
        part in printed["answer"] for part in (entry.answer, entry.more, entry.conditions, entry.mistake, entry.next)
    )


def test_the_command_line_loads_no_dictionary_before_it_searches() -> None:
    code = "import sys, bot.cli; sys.exit('sudachipy' in sys.modules or 'knowledge.search' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
