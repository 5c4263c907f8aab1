"""Sentences about the business: what it costs, earns, owes and pays out; what others expect; funds and bonds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.tearsheet.case import STAKE
from plugins.tearsheet.said_market import amount, more_or_less
from terminal.domain import format as words
from terminal.domain.scoring.words import rating

if TYPE_CHECKING:
    from collections.abc import Callable

    from plugins.tearsheet.case import Case
    from plugins.tearsheet.said_market import Say

SAFE_Z, FAILING_Z = 2.99, 1.81  # Altman (1968): above the one hardly any firm failed, below the other most did
INVESTMENT_GRADE = 13  # BBB−
_HUNDRED = 100.0

# -- what it costs ---------------------------------------------------------------------------------------------------


def _price_of(what: str, below: str) -> Say:
    """Money for each unit of something; `below` says what a negative one means."""

    def say(case: Case) -> str:
        if case.value <= 0:
            return f"{below} ({case.shown()})."
        text = f"You pay {case.money(case.value)} for each {case.round(1)} of {what}."
        if case.other is None or case.other <= 0:
            return text
        return f"{text} Similar {case.similar} cost {case.money(case.other)}."

    return say


def _whole_business(case: Case) -> str:
    if case.value > 0:
        return f"The whole business costs {case.shown()} its yearly earnings before interest, tax and wear." + case.beside(
            "Similar {similar} cost {other}.", least=0
        )
    earned = case.known("ebitda_ttm")
    if earned is not None and earned < 0:
        return (
            f"It loses money before interest, tax and wear, so the price of the business is no multiple of it ({case.shown()})."
        )
    return f"It holds more cash than its shares and debt cost together, so the business itself has no price ({case.shown()})."


def _for_hundred(gains: str, loses: str, other: str, zero: str) -> Say:
    """A fraction as money for each hundred: {each} is the hundred, {size} the money."""

    def fill(case: Case, text: str) -> str:
        return text.replace("{each}", case.round(_HUNDRED)).replace("{size}", case.hundred())

    def say(case: Case) -> str:
        if case.hundred() == case.hundred(0.0):
            return f"{fill(case, zero)} ({case.shown()})."
        if case.value < 0:
            return fill(case, loses)
        text = fill(case, gains)
        if other and case.other is not None and case.other > 0:
            text += f" {other.replace('{similar}', case.similar).replace('{other}', case.hundred(case.other))}"
        return text

    return say


def _left_of_sales(after: str) -> Say:
    return _for_hundred(
        f"Of each {{each}} of sales, {{size}} is left after {after}.",
        f"For each {{each}} of sales, it is {{size}} short after {after}.",
        "Similar {similar} keep {other}.",
        f"Of its sales nothing is left after {after}",
    )


def _earned(gain: str, loss: str) -> Say:
    return lambda case: (gain if case.value >= 0 else loss).replace("{size}", case.size())


def _growth_price(case: Case) -> str:
    if case.value <= 0:
        return f"Its profit does not grow, so there is no price for its growth ({case.shown()})."
    return f"For each 1 % of yearly growth in profit, you pay {case.money(case.value)} for {case.round(1)} of profit."


# -- what it owes ----------------------------------------------------------------------------------------------------


def _debt(case: Case) -> str:
    if case.flat():
        return f"Its cash covers its debt ({case.shown()})."
    if case.value > 0:
        text = f"It would need about {_years(case.value)} of its earnings to pay back its debt."
        if case.other is None or case.other <= 0:
            return text
        return f"{text} Similar {case.similar} would need {_years(case.other)}."
    earned = case.known("ebitda_ttm")
    if earned is not None and earned < 0:
        return (
            f"It has debt and loses money before interest, tax and wear, so it cannot pay it back from earnings ({case.shown()})."
        )
    return f"It has more cash than debt: about {_years(-case.value)} of its earnings more."


def _years(value: float) -> str:
    text = words.number(value, 1)
    return f"{text} {'year' if text == '1.0' else 'years'}"


def _debt_to_equity(case: Case) -> str:
    if case.value < 0:
        return f"Its debts are larger than all it owns, so no owners' money is left to compare with ({case.shown()})."
    return f"For each {case.round(1)} of the owners' money it owes {case.money(case.value)}." + (
        f" Similar {case.similar} owe {case.money(case.other)}." if case.other is not None and case.other >= 0 else ""
    )


def _interest(case: Case) -> str:
    if case.value < 0:
        return f"It makes a loss before interest, so nothing is there to pay it ({case.shown()})."
    text = f"What it earns would pay its interest {case.shown().removesuffix('×')} times."
    return f"{text} Below one time, it has to pay from elsewhere." if case.value < 1 else text


def _current(case: Case) -> str:
    text = f"For each {case.round(1)} it must pay within a year, it has {case.money(case.value)} at hand or coming in."
    return text if case.value >= 1 else f"{text} That is less than falls due."


def _altman(case: Case) -> str:
    where = (
        f"where hardly any firm failed (above {SAFE_Z})"
        if case.value > SAFE_Z
        else f"where most of the firms that failed were (below {FAILING_Z})"
        if case.value < FAILING_Z
        else f"between the two zones of the test ({FAILING_Z} and {SAFE_Z})"
    )
    return f"A test for the danger of failing, made of five figures, gives it {case.shown()}: {where}."


def _accruals(case: Case) -> str:
    each = f"For each {case.round(_HUNDRED)} of what it owns,"
    if case.hundred() == case.hundred(0.0):
        return f"Its profit came in as cash ({case.shown()})."
    if case.value > 0:
        return f"{each} it booked {case.hundred()} more profit than cash came in."
    return f"{each} {case.hundred()} more cash came in than it booked as profit."


def _share_count(case: Case) -> str:
    if case.flat():
        return f"There are as many shares as a year ago ({case.shown()})."
    way, part = ("more", "smaller") if case.value > 0 else ("fewer", "larger")
    return f"There are {case.size()} {way} shares than a year ago, so each one owns a {part} part."


# -- what it pays out ------------------------------------------------------------------------------------------------


def _income(case: Case) -> str:
    if case.value <= 0:
        return f"It pays nothing out ({case.shown()})."
    text = f"{case.round(STAKE)} of it pays about {case.stake(case.value)} a year."
    return text if case.other is None or case.other <= 0 else f"{text} Similar {case.similar} pay {case.stake(case.other)}."


def _payout(case: Case) -> str:
    if case.value < 0:
        return f"It pays out although it made a loss ({case.shown()})."
    if case.value > 1:
        return f"It pays out {case.hundred()} for each {case.round(_HUNDRED)} of profit: more than it earns."
    return f"Of each {case.round(_HUNDRED)} of profit, {case.hundred()} is paid out to the owners."


# -- funds and bonds -------------------------------------------------------------------------------------------------


def _cost(case: Case) -> str:
    text = f"Holding {case.round(STAKE)} of it costs {case.stake(case.value)} a year."
    return text if case.other is None else f"{text} Similar {case.similar} cost {case.stake(case.other)}."


def _to_the_end(case: Case) -> str:
    if case.value < 0:
        return f"Kept to the end, {case.round(STAKE)} loses about {case.stake(case.value)} a year."
    text = f"Kept to the end, {case.round(STAKE)} earns about {case.stake(case.value)} a year."
    return text if case.other is None or case.other < 0 else f"{text} Similar {case.similar}: {case.stake(case.other)}."


def _rate_move(case: Case) -> str:
    return f"If interest rates rise by one point, it loses about {words.number(case.value, 1)} %."


def _repaid(case: Case) -> str:
    average = "" if case.row.get("kind") == "bond" else ", on average of what it holds"
    return f"It is paid back in {case.shown()}{average}."


def _credit(case: Case) -> str:
    letters = rating(case.value)
    scale = f"Rated {letters if letters != words.UNKNOWN else 'outside the scale'}, {case.shown()} of 22 points"
    if case.value >= INVESTMENT_GRADE:
        return f"{scale}: counted among those that will very probably pay everything back."
    return f"{scale}: counted among those with a real chance of not paying everything back."


# -- what others expect ----------------------------------------------------------------------------------------------


def _analysts(case: Case) -> str:
    one = round(case.value) == 1
    return f"{case.shown()} analyst{' stands' if one else 's stand'} behind what is expected here."


def _opinion(case: Case) -> str:
    return f"On analysts' scale from 1 (strong buy) to 5 (sell) it stands at {case.shown()}. That is their opinion, not ours."


def _in_days(text: str, today: str) -> Say:
    return lambda case: f"{today} ({case.shown()})." if case.value == 0 else text.replace("{size}", case.shown())


BUSINESS: dict[str, Callable[[Case], str]] = {
    "pe_ttm": _price_of("yearly profit", "It makes no profit that could have a price"),
    "pe_forward": _price_of("profit expected for the next year", "Analysts expect a loss for the next year"),
    "ps_ttm": _price_of("yearly sales", "It has no sales that could have a price"),
    "pb": _price_of("the owners' money in its books", "Its debts are larger than all it owns"),
    "pe_median_5y": _price_of("yearly profit, as the middle of the last years", "It mostly made no profit in the last years"),
    "ev_ebitda": _whole_business,
    "fcf_yield": _for_hundred(
        "For each {each} you pay, {size} of spare cash comes in a year.",
        "It uses up {size} of cash a year for each {each} you pay.",
        "At similar {similar} {other}.",
        "No spare cash comes in",
    ),
    "earnings_yield": _for_hundred(
        "For each {each} you pay, {size} of profit comes in a year.",
        "It loses {size} a year for each {each} you pay.",
        "At similar {similar} {other}.",
        "It makes neither profit nor loss",
    ),
    "shareholder_yield": _for_hundred(
        "For each {each} you pay, {size} a year goes to the owners, as dividends and for buying back shares.",
        "For each {each} you pay, the owners put in {size} a year.",
        "At similar {similar} {other}.",
        "Nothing goes to the owners",
    ),
    "eps_ttm": _earned(
        "Each share earned {size} in the last four quarters.", "Each share lost {size} in the last four quarters."
    ),
    "revenue_ttm": _earned(
        "It sold for {size} in the last four quarters.", "Its sales of the last four quarters are below zero, by {size}."
    ),
    "net_income_ttm": _earned(
        "It earned {size} in the last four quarters, after everything.",
        "It lost {size} in the last four quarters, after everything.",
    ),
    "free_cash_flow_ttm": _earned(
        "After all it spent, {size} of cash was left over in the last four quarters.",
        "It spent {size} more cash than came in, in the last four quarters.",
    ),
    "roe": _for_hundred(
        "Each {each} of the owners' money earns {size} a year.",
        "It loses {size} a year on each {each} of the owners' money.",
        "Similar {similar} earn {other}.",
        "The owners' money earns nothing",
    ),
    "roic": _for_hundred(
        "Each {each} of money put into the business earns {size} a year.",
        "It loses {size} a year on each {each} of money put into the business.",
        "Similar {similar} earn {other}.",
        "The money put into the business earns nothing",
    ),
    "gross_margin": _left_of_sales("making what it sells"),
    "operating_margin": _left_of_sales("running the business"),
    "net_margin": _left_of_sales("everything, interest and tax included"),
    "fcf_margin": _left_of_sales("all cash it spent"),
    "revenue_growth_1y": more_or_less("It sold {size} {way} than the year before.", "It sold as much as the year before"),
    "revenue_cagr_3y": more_or_less("It sells {size} {way} each year, over three years.", "It sells as much as three years ago"),
    "eps_growth_1y": more_or_less(
        "It earned {size} {way} per share than the year before.", "It earned as much per share as the year before"
    ),
    "eps_cagr_3y": more_or_less(
        "It earns {size} {way} per share each year, over three years.", "It earns as much per share as three years ago"
    ),
    "net_debt_ebitda": _debt,
    "debt_to_equity": _debt_to_equity,
    "interest_coverage": _interest,
    "current_ratio": _current,
    "altman_z": _altman,
    "piotroski_f": amount("It passes {size} of 9 yes-or-no tests of its accounts."),
    "accruals": _accruals,
    "share_count_change_1y": _share_count,
    "dividend_yield": _income,
    "payout_ratio": _payout,
    "expense_ratio": _cost,
    "aum": amount("It holds {size} for its owners."),
    "holdings_count": amount("It holds {size} different papers."),
    "premium_to_nav": more_or_less("It costs {size} {way} than what it holds is worth.", "It costs what it holds is worth"),
    "yield_to_maturity": _to_the_end,
    "coupon": _for_hundred(
        "It pays {size} a year for each {each} of its face value.",
        "It takes {size} a year for each {each} of its face value.",
        "",
        "It pays no interest along the way",
    ),
    "duration": _rate_move,
    "years_to_maturity": _repaid,
    "credit_score": _credit,
    "pe_vs_own": more_or_less(
        "A unit of its profit costs {size} {way} than it usually did.", "A unit of its profit costs what it usually did"
    ),
    "pe_vs_sector": more_or_less(
        "A unit of its profit costs {size} {way} than in the middle of its sector.",
        "A unit of its profit costs what it costs in its sector",
    ),
    "peg": _growth_price,
    "target_mean": amount("Analysts expect a price of {size} in a year, on average."),
    "target_upside": more_or_less(
        "The price analysts expect is {size} {way} than the price now.", "Analysts expect the price it has now"
    ),
    "analyst_count": _analysts,
    "recommendation_mean": _opinion,
    "days_to_earnings": _in_days("The next report is expected in {size}.", "A report is expected today"),
    "days_since_earnings": _in_days("The last report was {size} ago.", "It reported today"),
    "earnings_surprise": more_or_less(
        "It earned {size} {way} than analysts had expected, at the last report.", "It earned what analysts had expected"
    ),
    "beat_rate": amount("Of its last reports, {size} were better than expected."),
    "days_to_ex_dividend": _in_days(
        "Whoever holds it before {size} are over gets the next dividend.", "From today on it trades without the next dividend"
    ),
    "dcf_value": amount("By our estimate of its future cash, one share is worth {size}."),
    "dcf_gap": more_or_less("Our estimate is {size} {way} than the price.", "Our estimate equals the price"),
    "dcf_low": amount("With less favourable assumptions, the estimate is {size} a share."),
    "dcf_high": amount("With more favourable assumptions, the estimate is {size} a share."),
    "score": amount("It earns {size} of 10 points by our rules."),
    "coverage": amount("We know {size} of what the score asks for."),
}
