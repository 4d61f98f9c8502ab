"""What typed words are taken for: a table of them, and what must hold for every text and every name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs import understanding
from dialogs.content import packaged
from scoring.questionnaire import Question

PHRASES = packaged().phrases
WORDS = PHRASES.words
QUESTIONS = packaged().questionnaire.questions | {f"ask {ask.id}": ask for ask in PHRASES.asks.values()}
# What stands for an answer that is asked for once more.
UNCLEAR = None


def meant(question: Question, text: str) -> tuple[str, ...] | None:
    """The values that a typed text is taken for, as the engine does it."""
    said = understanding.clean(text)
    exact = understanding.exact(WORDS, question, said)
    return exact if exact is not None else understanding.likely(WORDS, question, said)


@pytest.mark.parametrize(
    ("id", "text", "values"),
    [
        # numbers, written in any way
        ("q4.net", "2", ("3",)),
        ("q4.net", "２", ("3",)),
        ("q4.net", "②", ("3",)),
        ("q4.net", "(2)", ("3",)),
        ("q4.net", "⑵", ("3",)),
        ("q4.net", "2.", ("3",)),
        ("q4.net", "2番", ("3",)),
        ("q4.net", "2番目です。", ("3",)),
        ("q4.net", "２番でお願いします", ("3",)),
        ("q4.net", "2つ目", ("3",)),
        ("q4.net", "二", ("3",)),
        ("q4.net", "二番", ("3",)),
        ("q4.net", " 2 ", ("3",)),
        ("q4.net", "0", UNCLEAR),
        ("q4.net", "5", UNCLEAR),
        ("q4.net", "-1", UNCLEAR),
        ("q4.net", "1と3", UNCLEAR),
        ("q4.net", "1、3", UNCLEAR),
        ("q4.net", "2.5", UNCLEAR),
        ("q4.net", "22222222222222222222", UNCLEAR),
        # words
        ("q4.net", "はい", ("4",)),
        ("q4.net", "ハイ！", ("4",)),
        ("q4.net", "はい、整っています", ("4",)),
        ("q4.net", "はい、でも一部だけです", UNCLEAR),
        ("q4.net", "はい、整っていません", UNCLEAR),
        ("q4.net", "いいえ", ("1",)),
        ("q4.net", "いいえ、まだです", ("1",)),
        ("q4.net", "あてはまる", ("4",)),
        ("q4.net", "当てはまります", UNCLEAR),
        ("q4.net", "当てはまると思います", ("4",)),
        ("q4.net", "だいたい当てはまる", ("3",)),
        ("q4.net", "ダイタイアテハマル", ("3",)),
        ("q4.net", "ﾀﾞｲﾀｲｱﾃﾊﾏﾙ", ("3",)),
        ("q4.net", "だいたい", ("3",)),
        ("q4.net", "まあまあです", ("3",)),
        ("q4.net", "余り当てはまらない", ("2",)),
        ("q4.net", "あてはまりません", ("1",)),
        ("stage", "紙", ("1",)),
        ("stage", "紙が中心です", UNCLEAR),
        ("stage", "データ分析", ("3",)),
        ("industry", "農業", ("agriculture",)),
        ("industry", "ラーメン屋", ("food",)),
        ("industry", "町の酒屋です", ("retail",)),
        ("q5.effect", "A", ("a2",)),
        ("q5.effect", "Ａです", ("a2",)),
        ("q5.effect", "ｂ", ("b2",)),
        ("q5.effect", "どちらかといえばB", ("b1",)),
        ("q5.effect", "どちらかと言えばＡに近い", ("a1",)),
        ("q5.effect", "A、B", UNCLEAR),
        ("q5.effect", "Cに近い", UNCLEAR),
        ("q5.effect", "どちらかというと", UNCLEAR),
        ("q2.sales", "とくに重要", ("urgent",)),
        ("q2.sales", "特に重要です", ("urgent",)),
        ("q2.sales", "重要な課題です", ("urgent",)),
        ("q2.sales", "課題じゃない", ("none",)),
        ("q2.sales", "課題ではありません", ("none",)),
        ("q2.sales", "分かりません", ("unknown",)),
        # typos
        ("q4.net", "あてはまんない", ("1",)),
        ("q4.net", "ややあてはる", ("3",)),
        ("q4.net", "あまりあてはらない", ("2",)),
        ("q4.net", "ほげほげ", UNCLEAR),
        ("prefecture", "とうきょ", ("13",)),
        # numbers of people
        ("size", "12人", ("6",)),
        ("size", "１２名くらい", ("6",)),
        ("size", "約１２名です", ("6",)),
        ("size", "五人", ("1",)),
        ("size", "0", ("0",)),
        ("size", "2", ("1",)),
        ("size", "3", UNCLEAR),
        ("size", "3人", ("1",)),
        ("size", "3番", ("6",)),
        ("size", "30", ("21",)),
        ("size", "1〜5人", ("1",)),
        ("size", "1~5人", ("1",)),
        ("size", "6-20人", ("6",)),
        ("size", "一人でやっています", ("0",)),
        ("size", "9999999人", UNCLEAR),
        # places
        ("prefecture", "とうきょう", ("13",)),
        ("prefecture", "東京", ("13",)),
        ("prefecture", "東京都です", ("13",)),
        ("prefecture", "東京都港区", ("13",)),
        ("prefecture", "トウキョウ", ("13",)),
        ("prefecture", "京都", ("26",)),
        ("prefecture", "1、3", UNCLEAR),
        ("prefecture", "東京、大阪", UNCLEAR),
        ("prefecture", "それなら", UNCLEAR),
        ("prefecture", "さがしています", UNCLEAR),
        # several
        ("q3", "1と3", ("storage", "chat")),
        ("q3", "1、3", ("storage", "chat")),
        ("q3", "１，３", ("storage", "chat")),
        ("q3", "1 3", ("storage", "chat")),
        ("q3", "1・3", ("storage", "chat")),
        ("q3", "1番と3番です", ("storage", "chat")),
        ("q3", "3、1、3", ("chat", "storage")),
        ("q3", "13", ("contract",)),
        ("q3", "会計ソフト", ("accounting",)),
        ("q3", "会計とウェブ会議", ("accounting", "meeting")),
        ("q3", "SNS\nレジ", ("website", "pos")),
        ("q3", "Webサイト・SNS、会計ソフト", ("website", "accounting")),
        ("q3", "全部", tuple(choice.value for choice in QUESTIONS["q3"].choices)),
        ("q3", "なし", ()),
        ("q3", "とくにない", ()),
        ("q3", "どれも使っていない", ()),
        ("q3", "1と99", UNCLEAR),
        ("q3", "会計ソフトとほげ", UNCLEAR),
        ("q3", "会計ソフトとかいろいろ", UNCLEAR),
        ("picks", "お金と人手不足", ("finance", "people")),
        ("vision", "2", ("売上を伸ばして人を増やしたい",)),
        ("vision", "いまは答えない", ()),
        ("vision", "なし", ()),
        ("ask restart", "はい", ("yes",)),
        ("ask erase", "はい", ("yes",)),
        ("ask erase", "いいえ", ("no",)),
    ],
)
def test_a_text_is_taken_for(id: str, text: str, values: tuple[str, ...] | None) -> None:
    """A typed text is taken for these values, or asked for once more."""
    assert meant(QUESTIONS[id], text) == values


def test_every_name_is_understood() -> None:
    """Every label and every other name is taken for its own choice: no two choices of a question share one."""
    wrong = [
        (id, name, found)
        for id, question in QUESTIONS.items()
        for choice in question.choices
        for name in (choice.label, *choice.also)
        if (found := understanding.exact(WORDS, question, name)) != (choice.value,)
    ]
    assert wrong == []


def test_the_word_for_nothing_is_understood() -> None:
    """The label for choosing nothing, or for skipping, gives no values."""
    for question in QUESTIONS.values():
        if question.none:
            assert understanding.exact(WORDS, question, question.none) == ()


def test_every_number_is_understood() -> None:
    """A number is the choice that stands there in the list, except where it may be a number of people."""
    for question in QUESTIONS.values():
        for n, choice in enumerate(question.choices, 1):
            if not choice.span:
                assert understanding.exact(WORDS, question, str(n)) == (choice.value,)
            assert understanding.exact(WORDS, question, f"{n}番") == (choice.value,)


@pytest.mark.parametrize(
    "ending",
    ["ではない", "じゃない", "でない", "とは思わない", "なんてことはありません", "わけない", "わけねえ", "とは言えん"],
)
def test_a_denial_is_never_its_opposite(ending: str) -> None:
    """A name with a denial behind it is another choice, or asked for once more."""
    wrong = [
        (id, name + ending)
        for id, question in QUESTIONS.items()
        for choice in question.choices
        for name in (choice.label, *choice.also)
        if not WORDS.denies(WORDS.fold(name)) and meant(question, name + ending) == (choice.value,)
    ]
    assert wrong == []


@pytest.mark.parametrize("beginning", ["あまり", "それほど", "全然", "半分", "たぶん", "少しは"])
def test_the_first_step_of_a_scale_is_not_taken_for_less(beginning: str) -> None:
    """A word before the first step of a scale weakens it, so that step is not read out of it."""
    wrong = [
        (id, beginning + name)
        for id, question in QUESTIONS.items()
        if id.startswith("q")
        for choice in question.choices[:1]
        for name in (choice.label, *choice.also)
        if meant(question, beginning + name) == (choice.value,)
    ]
    assert wrong == []


def test_a_missing_letter_never_makes_another_choice() -> None:
    """A label that lacks a letter is understood or asked for once more; only another's own name is taken for it."""
    wrong = [
        (id, typed, found)
        for id, question in QUESTIONS.items()
        for choice in question.choices
        for n in range(len(choice.label))
        if (typed := choice.label[:n] + choice.label[n + 1 :])
        and (found := meant(question, typed)) not in (None, (choice.value,))
        and understanding.exact(WORDS, question, typed) is None
    ]
    assert wrong == []


def test_every_command_is_understood() -> None:
    """Every word of words.toml gives its command, politely said too."""
    for word, command in WORDS.commands.items():
        assert WORDS.command(word) == command
        assert WORDS.command(f"{word}です。") == command


@pytest.mark.parametrize(
    ("text", "anywhere", "strictly"),
    [
        ("インボイスって何?", True, True),
        ("補助金はいくらですか", True, True),
        ("電子帳簿保存法とは", True, True),
        ("AとBのちがいを教えてください", True, True),
        ("もっと知りたいことがある", True, False),
        ("人に教えてもらえる店にしたい", True, False),
        ("補助金を使える会社にしたい", False, False),
        ("困ったことはない", False, False),
        ("そうとは限らない", False, False),
        ("いくらかあてはまる", False, False),
        ("?", False, False),
        ("はい", False, False),
    ],
)
def test_a_question_is_told_from_an_answer(text: str, anywhere: bool, strictly: bool) -> None:
    """What is taken for a question of the owner's own; strictly, where any text may be the answer."""
    assert WORDS.is_question(text, strictly=False) is anywhere
    assert WORDS.is_question(text, strictly=True) is strictly


@pytest.mark.parametrize(
    ("command", "sure", "texts"),
    [
        (
            "booked",
            "surely",
            ("予約をキャンセルしたい", "予約を変更したい", "明日の予約、取り消せますか", "今日の予約は何時ですか"),
        ),
        (
            "booked",
            "perhaps",
            ("遅れます", "1時間遅らせたい", "日時を変えたいです", "行けなくなりました", "別の日にしてください"),
        ),
        (
            "booked",
            None,
            (
                "予約管理の道具",
                "予約をキャンセルされたときのキャンセル料に消費税はかかりますか",
                "ネット予約の変更を受けたい",
            ),
        ),
        (
            "nonews",
            "surely",
            (
                "今後のお知らせは不要です",
                "お知らせの配信を停止していただけますか",
                "こういう案内はもう送らないでほしい",
                "メッセージを止めてもらえませんか",
                "通知が多いので止めてほしいです",
            ),
        ),
        (
            "nonews",
            None,
            (
                "お客さまへのお知らせをやめてもいいですか",
                "動画の配信を止めたい",
                "予約のお知らせは止めないでください",
                "税務署から通知が来ました",
                "事務の手間はいらない",
            ),
        ),
        (
            "schedule",
            "perhaps",
            ("受けます", "お受けします", "辞退します", "別の日にしてください", "その時間は無理です"),
        ),
        (
            "consult",
            "surely",
            ("来週の火曜に専門家と話したい", "電話で相談したいと思っています", "専門家に相談したいのですが"),
        ),
        (
            "consult",
            None,
            (
                "税務署に相談できますか",
                "相談したい場合の窓口は",
                "担当者と電話で話したい",
                "専門家に相談するといくらですか",
            ),
        ),
    ],
)
def test_a_longer_text_may_come_down_to_a_command(command: str, sure: str | None, texts: tuple[str, ...]) -> None:
    """What means one's own booking, or the wish for one; and what is a question of how others book."""
    assert {text: WORDS.means(text).get(command) for text in texts} == dict.fromkeys(texts, sure)


def test_a_story_in_which_a_word_stands_comes_down_to_nothing() -> None:
    """A word that means something by itself means anything in a long text."""
    assert "booked" in WORDS.means("行けなくなりました")
    assert WORDS.means(f"{'店が忙しくて、' * 8}行けなくなりました") == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("補助金のことで電話で相談したい", "subsidy"),
        ("話がしたい", None),
        ("補助金とインボイスのことを聞きたい", None),
    ],
)
def test_a_choice_is_found_in_a_longer_text_where_it_is_the_only_one(text: str, value: str | None) -> None:
    """Words that led to a flow may answer its questions."""
    found = understanding.mentioned(WORDS, QUESTIONS["ask topic"], text)
    assert (found.value if found else None) == value


def test_thanks_are_told_from_answers() -> None:
    """Only what says nothing else is thanks."""
    for text in ("ありがとうございます。", "よろしくお願いします", "了解です", "わかりました!"):
        assert WORDS.gives_thanks(text)
    for text in ("はい", "わかりません", "ありがとうと言われる店にしたい"):
        assert not WORDS.gives_thanks(text)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(text=st.one_of(st.text(), st.text("123一二、とは-〜・().人番ないあてまる \n\t\0", max_size=12)))
def test_no_text_crashes(text: str) -> None:
    """Whatever is typed: no error, and only values that can be chosen."""
    said = understanding.clean(text)
    for id in ("q2.sales", "q3", "picks", "size", "prefecture", "q5.effect", "vision", "ask menu"):
        values = meant(QUESTIONS[id], said)
        assert set(values or ()) <= {choice.value for choice in QUESTIONS[id].choices}
        assert understanding.labelled(WORDS, QUESTIONS[id], said) in (None, values)
    assert WORDS.command(said) is None or said
    WORDS.is_question(said, strictly=True)
    understanding.number(WORDS, said)


@pytest.mark.parametrize("part", ["あ", "1、", "と", "1 ", "あてはまる", "😀"])
def test_a_very_long_text_is_asked_for_once_more(part: str) -> None:
    """Ten thousand characters are no answer to a choice."""
    for id in ("q2.sales", "q3", "size", "prefecture"):
        assert meant(QUESTIONS[id], part * (10_000 // len(part))) is UNCLEAR


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\0a\0", "a"),
        (" \t\u3000", ""),
        ("a\tb", "a b"),
        ("a\r\nb", "a\nb"),
        ("\u200b", ""),
        ("a\ud800", "a"),
        ("<b>", "<b>"),
    ],
)
def test_a_text_is_cleaned(text: str, left: str) -> None:
    """Control characters go, line breaks and everything visible stay."""
    assert understanding.clean(text) == left
