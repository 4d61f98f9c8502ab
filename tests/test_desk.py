"""Who may pass the doors of the desk."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from bot.desk.routes import DOORS
from storage import Database
from tests.desk import sign_in, two, visiting


@pytest.fixture
def browser(database_url: str) -> Iterator[TestClient]:
    with visiting(database_url) as browser:
        yield browser


def test_who_is_not_signed_in_is_sent_to_do_so_and_comes_back(browser: TestClient) -> None:
    answer = browser.get("/desk/clients?stage=finished")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/desk/sign-in?to=%2Fdesk%2Fclients%3Fstage%3Dfinished"


def test_who_is_signed_in_sees_the_clients(browser: TestClient, database: Database) -> None:
    people = two(database)
    sign_in(database, browser, people.officer)
    assert "事業者" in browser.get("/desk/clients").text


def test_signing_out_takes_a_form_of_our_own_page(browser: TestClient, database: Database) -> None:
    people = two(database)
    sign_in(database, browser, people.officer)
    assert browser.post("/desk/sign-out").status_code == 403
    assert browser.get("/desk/clients").status_code == 200
    assert browser.post("/desk/sign-out", headers={"sec-fetch-site": "same-origin"}).status_code == 303
    assert browser.get("/desk/clients").status_code == 303


@pytest.mark.parametrize("number", [str(2**31), "9" * 5000], ids=["larger", "thousands of digits"])
def test_a_number_that_no_row_has_is_the_address_of_nothing(
    browser: TestClient, database: Database, number: str
) -> None:
    sign_in(database, browser, two(database).admin)
    numbered = [door for door in DOORS if ":row}" in door.path]
    assert len(numbered) > 20
    for door in numbered:
        path = re.sub(r"{\w+}", "svg", re.sub(r"{\w+:row}", number, door.path))
        answer = browser.request(door.method, path, headers={"sec-fetch-site": "same-origin"})
        assert answer.status_code == 404, door.path


def test_a_page_of_the_desk_that_is_not_there_leads_back_to_the_desk(browser: TestClient, database: Database) -> None:
    sign_in(database, browser, two(database).officer)
    missing = browser.get("/desk/clients/7")
    assert (missing.status_code, 'href="/desk"' in missing.text) == (404, True)
    foreign = browser.post("/desk/events", headers={"sec-fetch-site": "cross-site"})
    assert (foreign.status_code, "チャット" in foreign.text) == (403, False)
    assert 'class="solid" href="/"' in browser.get("/nowhere").text
