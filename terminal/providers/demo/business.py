"""The companies behind the prices: revenue, margins, balance sheets and worth, quarter by quarter.

Nothing in here knows a price. Each company lives through steady, boom, decline and recovery phases; statements follow
from revenue, margin and policy by accounting identities, and `value` is what a share is worth on normal earnings.
All arrays are (quarters, companies), money in dollars, share counts not adjusted for splits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from terminal.providers.demo.recipe import Floats, Ints, Recipe

STEADY, BOOM, DECLINE, RECOVERY = range(4)
TAX = 0.22
_RETURN_ON_EQUITY = {
    "compounder": 0.30,
    "growth": 0.27,
    "hypergrowth": 0.20,
    "value": 0.16,
    "dividend": 0.22,
    "defensive": 0.25,
    "cyclical": 0.20,
    "bank": 0.13,
    "weak": 0.11,
}


@dataclass(frozen=True)
class Books:
    """Statements: `items` by name; `value` the worth of a share at each quarter's end; `shares`; `dividend` a share."""

    items: dict[str, Floats]
    value: Floats
    shares: Floats
    dividend: Floats
    phase: Ints


@dataclass(frozen=True)
class _Trade:
    """Sales and profitability before any financing."""

    yearly: Floats
    revenue: Floats
    margin: Floats
    usual_margin: Floats
    phase: Ints
    mood: Floats


def keep_books(recipe: Recipe, quarters: int) -> Books:
    """The books of all companies for that many quarters; more quarters never change the earlier ones."""
    trade = _trade(recipe, quarters)
    chance = recipe.stream("size")
    count = len(recipe.companies)
    worth = np.clip(np.exp(np.log(9e9) + 1.2 * chance.standard_normal(count)), 4e8, 1.4e11)
    worth = np.where(recipe.has("hypergrowth", "weak"), np.minimum(worth, 3e10), worth)
    price = np.clip(np.exp(np.log(62.0) + 0.6 * chance.standard_normal(count)), 9.0, 420.0)
    shares = worth / price
    multiple = recipe.of_sector("multiple") * recipe.of_character("multiple") * np.exp(0.18 * chance.standard_normal(count))
    normal = np.maximum(_normal_margin(trade, 0) * (1 - TAX), 0.02)
    scale = worth / (multiple * normal * trade.yearly[0])
    return _Accounts(recipe, trade, scale, shares, multiple, quarters).close()


def _trade(recipe: Recipe, quarters: int) -> _Trade:
    """Phases, yearly revenue (from 1.0), quarterly revenue and operating margins."""
    own, path = recipe.stream("business"), recipe.stream("business path")
    count = len(recipe.companies)
    hyper = recipe.has("hypergrowth")
    growth = recipe.of_character("growth") + 0.03 * own.standard_normal(count)
    usual = recipe.of_sector("margin") * np.abs(recipe.of_character("margin")) * np.exp(0.22 * own.standard_normal(count))
    usual = np.where(hyper, recipe.of_sector("margin") * 0.85, usual)
    start = np.where(hyper, -0.30 * own.random(count) - 0.02, usual)
    severity = (0.35 + 1.15 * own.random(count)) * np.where(recipe.has("compounder", "defensive", "dividend", "bank"), 0.55, 1.0)
    cyclical = np.where(recipe.has("cyclical"), 1.0, 0.25)
    seasons = 0.04 * own.standard_normal((4, count)) * np.where(recipe.of_sector("inventory") > 0.1, 1.6, 0.8)
    seasons -= seasons.mean(axis=0)
    slump = recipe.of_character("slump")

    phase = np.zeros(count, dtype=np.int64)
    phase[own.random(count) < 2.0 * slump] = DECLINE
    level, margin = np.zeros(count), start.copy()
    mood, cycle = 0.15 * own.standard_normal(count), 0.0
    yearly, revenue, margins = (np.empty((quarters, count)) for _ in range(3))
    phases, moods = np.empty((quarters, count), dtype=np.int64), np.empty((quarters, count))
    for k in range(quarters):
        step, noise = path.random(count), path.standard_normal((4, count))
        cycle = 0.85 * cycle + 0.35 * float(path.standard_normal())
        leave = np.choose(phase, [0.030 + slump, 0.13, 0.13, 0.15])
        onward = np.choose(phase, [np.where(step < slump, DECLINE, BOOM), STEADY, RECOVERY, STEADY])
        phase = np.where(step < leave, onward, phase)
        pace = growth + np.choose(phase, [0.0, 0.08, -0.14, 0.04]) + 0.06 * cyclical * cycle
        level = level + pace / 4 + 0.010 * noise[0]
        aim = (
            np.choose(phase, [usual, 1.08 * usual + 0.01, usual * (1 - severity), 0.95 * usual]) + 0.10 * usual * cyclical * cycle
        )
        ripening = np.where(hyper, 0.055, 0.30)
        margin = margin + ripening * (aim - margin) + 0.05 * np.abs(usual) * noise[1]
        mood = 0.90 * mood + 0.085 * noise[2]
        yearly[k] = np.exp(level)
        revenue[k] = yearly[k] / 4 * np.exp(seasons[k % 4] + 0.008 * noise[3])
        margins[k], phases[k] = margin, phase
        moods[k] = mood + np.choose(phase, [0.0, 0.10, -0.30, -0.04])
    return _Trade(yearly, revenue, margins, usual, phases, moods)


def _normal_margin(trade: _Trade, k: int) -> Floats:
    return np.asarray(np.maximum(0.5 * trade.margin[k] + 0.5 * trade.usual_margin, 0.0))


class _Accounts:
    """Rolls balance sheets forward so that cash, debt and equity always reconcile with the flows."""

    def __init__(self, recipe: Recipe, trade: _Trade, scale: Floats, shares: Floats, multiple: Floats, quarters: int) -> None:
        self.recipe, self.trade, self.scale, self.multiple, self.quarters = recipe, trade, scale, multiple, quarters
        own = recipe.stream("policy")
        count = len(shares)
        noise = own.standard_normal((8, count))
        self.path = recipe.stream("policy path")
        self.capital_spending = recipe.of_sector("capex") * np.exp(0.2 * noise[0])
        self.research = recipe.of_sector("research") * np.exp(0.3 * noise[1])
        self.share_pay = recipe.of_sector("sbc") * np.exp(0.3 * noise[2])
        self.gross = recipe.of_sector("gross") * np.exp(0.10 * noise[3])
        property_factor = np.array([1.55 if each.sector == "Real Estate" else 1.0 for each in recipe.companies])
        self.payout = np.minimum(recipe.of_character("payout") * property_factor * np.exp(0.2 * noise[4]), 0.9)
        self.payout[own.random(count) < np.where(recipe.has("dividend", "defensive", "bank"), 0.04, 0.40)] = 0.0
        self.buyback = recipe.of_character("buyback") + 0.006 * noise[5]
        self._open(own, noise, trade.yearly[0] * scale)
        self.shares = shares
        self.dividend = np.zeros(count)

    def _open(self, own: np.random.Generator, noise: Floats, rev: Floats) -> None:
        """The first balance sheet, from sector ratios and the return on equity of the company's character."""
        recipe, trade, count = self.recipe, self.trade, len(rev)
        profit = np.maximum(trade.usual_margin * (1 - TAX) * rev, 0.02 * rev)
        aim = np.array([_RETURN_ON_EQUITY[each.character] for each in recipe.companies])
        aim = aim * np.array([0.55 if each.sector in ("Utilities", "Real Estate") else 1.0 for each in recipe.companies])
        self.equity = profit / (aim * np.exp(0.25 * noise[6]))
        assets = np.maximum(recipe.of_sector("assets") * rev * np.exp(0.15 * noise[7]), self.equity * 1.1)
        self.debt = recipe.of_sector("debt") * recipe.of_character("debt") * assets * np.exp(0.3 * own.standard_normal(count))
        self.raises = np.where(recipe.has("dividend", "defensive"), 0.97, 0.78)
        self.rate = 0.033 + 0.012 * own.random(count) + np.where(recipe.has("weak"), 0.025, 0.0)
        # Nobody lends so much that the interest eats half of a usual year's profit.
        self.debt = np.minimum(self.debt, 0.5 * np.maximum(trade.usual_margin, 0.02) * rev / self.rate)
        self.debt_to_revenue = self.debt / rev
        self.cash = (0.05 + 0.08 * own.random(count)) * rev
        self.cash_floor, self.cash_ceiling = 0.02 + 0.03 * own.random(count), 0.08 + 0.20 * own.random(count)
        self.receivables = (0.10 + 0.08 * own.random(count)) * rev
        self.inventory = recipe.of_sector("inventory") * rev
        self.plant = recipe.of_sector("depreciation") * rev / 0.11
        self.wear = np.full(count, 0.11)
        fixed = self.cash + self.receivables + self.inventory + self.plant
        owed = np.maximum(assets - self.equity - self.debt, 0.12 * rev)
        rest = self.equity + self.debt + owed - fixed
        owed = owed + np.maximum(-rest, 0.0)
        rest = np.maximum(rest, 0.0)
        financial = np.array([each.sector == "Financials" for each in recipe.companies])
        self.goodwill = np.where(financial, 0.05, 0.6) * rest
        self.payables = np.minimum(owed, 0.16 * rev)
        # What customers and partners lend (deposits, float, leases) finances other assets of the same growth.
        self.lent = owed - self.payables
        self.other = rest - self.goodwill
        self.retained = np.where(recipe.has("hypergrowth", "weak"), -0.3, 0.55) * self.equity
        self.last_revenue = rev

    def close(self) -> Books:
        """Every quarter in turn."""
        rows: list[dict[str, Floats]] = []
        values, shares, dividends = [], [], []
        for k in range(self.quarters):
            value = self._value(k)
            rows.append(self._quarter(k, value))
            values.append(value)
            shares.append(self.shares)
            dividends.append(self.dividend)
        items = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
        return Books(items, np.stack(values), np.stack(shares), np.stack(dividends), self.trade.phase)

    def _value(self, k: int) -> Floats:
        rev = self.trade.yearly[k] * self.scale
        interest = self.debt * self.rate
        earned = (_normal_margin(self.trade, k) * rev - 0.6 * interest) * (1 - TAX)
        worth = np.maximum(earned * self.multiple * np.exp(self.trade.mood[k]), 0.15 * rev)
        return np.asarray(worth / self.shares)

    def _quarter(self, k: int, value: Floats) -> dict[str, Floats]:
        noise = self.path.standard_normal((6, len(self.shares)))
        yearly = self.trade.yearly[k] * self.scale
        grown, self.last_revenue = yearly / self.last_revenue, yearly
        income = self._income(k, noise)
        profit, worn, share_pay = income["net_income"], income["depreciation_amortization"], income["share_based_compensation"]
        operating_cash = profit + worn + share_pay - self._working_capital(grown, 0.01 * income["revenue"] * noise[3])
        spending = self.capital_spending * income["revenue"] * np.exp(0.10 * noise[4])
        spending = np.minimum(spending, np.maximum(0.45 * spending, 0.9 * operating_cash + 0.3 * self.cash))
        dividends = self._dividends(k, profit)
        repurchases, issued = self._finance(k, value, yearly, operating_cash - spending - dividends, profit, noise[5])
        self.plant = self.plant + spending - worn
        self.other, self.lent = self.other + self.lent * (grown - 1), self.lent * grown
        self.equity = self.equity + profit + share_pay - dividends - repurchases + issued
        self.retained = self.retained + profit - dividends - 0.7 * repurchases
        return {
            **income,
            "eps_basic": profit / self.shares,
            "eps_diluted": profit / (self.shares * 1.012),
            "operating_cash_flow": operating_cash,
            "capital_expenditure": spending,
            "free_cash_flow": operating_cash - spending,
            "dividends_paid": dividends,
            "share_repurchases": repurchases,
            **self._balance(),
        }

    def _income(self, k: int, noise: Floats) -> dict[str, Floats]:
        """The income statement, from revenue down to profit."""
        revenue = self.trade.revenue[k] * self.scale
        operating = revenue * (self.trade.margin[k] + 0.004 * noise[0])
        worn = self.plant * self.wear / 4
        ebit = operating + 0.0015 * revenue * noise[1]
        interest = self.debt * self.rate / 4
        pretax = ebit - interest
        tax = np.maximum(pretax, 0.0) * (TAX + 0.012 * noise[2])
        shift = 0.5 * (self.trade.margin[k] - self.trade.usual_margin)
        gross = np.maximum(self.gross + shift, self.trade.margin[k] + self.research + 0.04) * revenue
        return {
            "revenue": revenue,
            "cost_of_revenue": revenue - gross,
            "gross_profit": gross,
            "operating_income": operating,
            "ebit": ebit,
            "ebitda": ebit + worn,
            "interest_expense": interest,
            "pretax_income": pretax,
            "income_tax": tax,
            "net_income": pretax - tax,
            "research_development": self.research * revenue,
            "selling_general_admin": gross - self.research * revenue - operating,
            "share_based_compensation": self.share_pay * revenue,
            "depreciation_amortization": worn,
        }

    def _working_capital(self, grown: Floats, swing: Floats) -> Floats:
        """Working capital grows with revenue and swings a little; the money that takes."""
        before = self.receivables + self.inventory - self.payables
        self.receivables = self.receivables * grown + swing
        self.inventory, self.payables = self.inventory * grown, self.payables * grown
        return np.asarray(self.receivables + self.inventory - self.payables - before)

    def _finance(
        self, k: int, value: Floats, yearly: Floats, free: Floats, profit: Floats, noise: Floats
    ) -> tuple[Floats, Floats]:
        """Buybacks and share sales, debt towards its policy, cash between floor and ceiling; (repurchased, issued) money."""
        change = self.buyback / 4 + 0.0015 * noise
        change = np.where((self.trade.phase[k] == DECLINE) & (change < 0), 0.0, change)
        money = change * self.shares * value
        repurchases, issued = np.maximum(-money, 0.0), np.maximum(money, 0.0)
        can = np.maximum(self.cash + free - self.cash_floor * yearly, 0.0) + 0.3 * np.maximum(profit, 0.0)
        kept = np.where(repurchases > 0, np.minimum(1.0, can / np.maximum(repurchases, 1.0)), 1.0)
        repurchases, change = repurchases * kept, np.where(change < 0, change * kept, change)

        policy = self.debt_to_revenue * yearly
        debt = self.debt + 0.15 * (policy - self.debt)
        cash = self.cash + free - repurchases + issued + (debt - self.debt)
        lacking = np.maximum(self.cash_floor * yearly - cash, 0.0)
        # A borrower beyond its means sells shares instead.
        sold = np.where(debt + lacking > 2.2 * policy, lacking, 0.0)
        debt, cash, issued = debt + lacking - sold, cash + lacking, issued + sold
        change = change + sold / np.maximum(self.shares * value, 1.0)
        surplus = np.maximum(cash - self.cash_ceiling * yearly, 0.0)
        repaid = np.minimum(0.4 * surplus, np.maximum(debt - 0.7 * policy, 0.0))
        extra = np.where(self.buyback < 0, 0.6, 0.0) * (surplus - repaid)
        self.cash, self.debt = cash - surplus, debt - repaid
        self.goodwill = self.goodwill + surplus - repaid - extra
        change = change - extra / (self.shares * value)
        self.shares = self.shares * (1 + np.clip(change, -0.02, 0.06))
        return repurchases + extra, issued

    def _dividends(self, k: int, profit: Floats) -> Floats:
        """Dividend a share, raised once a year, cut when profit is gone; the money it costs this quarter."""
        usual = np.maximum(
            self.trade.yearly[k] * self.scale * self.trade.usual_margin * (1 - TAX) - self.debt * self.rate * (1 - TAX), 0.0
        )
        affordable = self.payout * usual / self.shares / 4
        if k == 0:
            self.dividend = affordable
        elif k % 4 == 1:
            raised = (affordable > self.dividend) & (self.path.random(len(profit)) < self.raises)
            self.dividend = np.where(raised, np.minimum(affordable, self.dividend * 1.16), self.dividend)
        starving = (profit < 0) & (self.trade.phase[k] == DECLINE) & (self.path.random(len(profit)) < 0.35)
        self.dividend = np.where(
            starving, np.where(self.dividend * self.shares > 0.2 * usual, 0.5, 0.0) * self.dividend, self.dividend
        )
        return np.asarray(self.dividend * self.shares)

    def _balance(self) -> dict[str, Floats]:
        assets = self.cash + self.receivables + self.inventory + self.plant + self.goodwill + self.other
        liabilities = self.debt + self.payables + self.lent
        return {
            "total_assets": assets,
            "current_assets": self.cash + self.receivables + self.inventory,
            "current_liabilities": self.payables + 0.15 * self.debt + 0.25 * self.lent,
            "cash": self.cash,
            "receivables": self.receivables,
            "inventory": self.inventory,
            "total_debt": self.debt,
            "long_term_debt": 0.85 * self.debt,
            "total_liabilities": liabilities,
            "total_equity": assets - liabilities,
            "retained_earnings": self.retained,
            "goodwill_intangibles": self.goodwill,
            "shares_outstanding": self.shares,
            "invested_capital": self.debt + assets - liabilities,
        }
