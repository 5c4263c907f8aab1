from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.store.sql import changed_table, literal, render, table_name

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2**62, 2**62), st.floats(allow_nan=False),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))


@pytest.fixture(scope="module")
def connection():
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    yield connection
    connection.close()


@given(value=VALUES)
def test_a_literal_is_the_value_again(connection, value):
    back = connection.execute(render("select ? as v", (value,))).fetchone()[0]
    assert back == value and isinstance(back, type(value))


@given(text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_no_text_escapes_its_quotes(connection, text):
    connection.execute("create or replace temp table t as select 1 as a")
    query = render("select a from t where cast(a as varchar) = ? or ? = ''", (text, text))
    rows = connection.execute(query).fetchall()
    assert rows == ([(1,)] if text in ("1", "") else [])


def test_placeholders_in_texts_names_and_comments_stay():
    sql = """select '?', "a?b", $1 -- why? $1
             /* ? */ , ?"""
    assert render(sql, (7, 8)).replace(" ", "") == """select'?',"a?b",7--why?$1
             /*?*/,7""".replace(" ", "")


def test_times_are_kept_as_moments():
    elsewhere = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=5)))
    assert literal(elsewhere) == "'2025-12-31 20:00:00+00:00'::timestamptz"
    with pytest.raises(ValueError, match="time zone"):
        literal(datetime(2026, 1, 1))


def test_a_decimal_keeps_every_digit(connection):
    value = Decimal("12345678901234567890.123456789012345678")
    assert connection.execute(render("select ? as v", (value,))).fetchone()[0] == value
    with pytest.raises(ValueError, match="no number"):
        literal(Decimal("NaN"))


@pytest.mark.parametrize("value", ["a\x00b", object(), {"a": 1}])
def test_what_cannot_be_written_is_refused(value):
    with pytest.raises((ValueError, TypeError)):
        literal(value)


def test_too_few_parameters_are_refused():
    with pytest.raises(ValueError, match="placeholders"):
        render("select ?, ?", (1,))


@pytest.mark.parametrize("name", ["a; drop table b", "a b", "", "a.b.c", '"a"'])
def test_a_table_name_is_a_plain_name(name):
    with pytest.raises(ValueError, match="table"):
        table_name(name)


@pytest.mark.parametrize(("sql", "table"), [
    ("INSERT INTO screener.runs VALUES (1)", "screener.runs"), ("insert or replace into a values (1)", "a"),
    (" update a set b = 1", "a"), ("delete from main.a", "main.a"), ("select 1", None), ("create table a (b int)", None)])
def test_the_table_a_statement_changes(sql, table):
    assert changed_table(sql) == table
