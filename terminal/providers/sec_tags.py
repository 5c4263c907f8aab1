"""Which tags of US-GAAP and IFRS stand for which of our items. Tables only.

An item has alternatives in order of preference; an alternative is one tag, or several whose sum it is. A sum counts only
where one filing states every part of it for the same period.
"""

from __future__ import annotations

Alternatives = tuple[tuple[str, ...], ...]

FLOWS: dict[str, Alternatives] = {
    "revenue": (
        ("RevenuesNetOfInterestExpense",),
        ("Revenues",),
        ("RevenueFromContractWithCustomerExcludingAssessedTax",),
        ("RevenueFromContractWithCustomerIncludingAssessedTax",),
        ("SalesRevenueNet",),
        ("SalesRevenueGoodsNet",),
        ("Revenue",),
    ),
    "cost_of_revenue": (("CostOfRevenue",), ("CostOfGoodsAndServicesSold",), ("CostOfGoodsSold",), ("CostOfSales",)),
    "gross_profit": (("GrossProfit",),),
    "operating_income": (("OperatingIncomeLoss",), ("ProfitLossFromOperatingActivities",)),
    "interest_expense": (
        ("InterestExpense",),
        ("InterestExpenseNonoperating",),
        ("InterestExpenseDebt",),
        ("InterestAndDebtExpense",),
    ),
    "pretax_income": (
        ("IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest",),
        ("IncomeLossFromContinuingOperationsBeforeIncomeTaxesMinorityInterestAndIncomeLossFromEquityMethodInvestments",),
        ("ProfitLossBeforeTax",),
    ),
    "income_tax": (("IncomeTaxExpenseBenefit",), ("IncomeTaxExpenseContinuingOperations",)),
    "net_income": (
        ("NetIncomeLoss",),
        ("NetIncomeLossAvailableToCommonStockholdersBasic",),
        ("ProfitLossAttributableToOwnersOfParent",),
        ("ProfitLoss",),
    ),
    "eps_basic": (("EarningsPerShareBasic",), ("EarningsPerShareBasicAndDiluted",), ("BasicEarningsLossPerShare",)),
    "eps_diluted": (("EarningsPerShareDiluted",), ("EarningsPerShareBasicAndDiluted",), ("DilutedEarningsLossPerShare",)),
    "research_development": (
        ("ResearchAndDevelopmentExpense",),
        ("ResearchAndDevelopmentExpenseExcludingAcquiredInProcessCost",),
    ),
    "selling_general_admin": (
        ("SellingGeneralAndAdministrativeExpense",),
        ("SellingAndMarketingExpense", "GeneralAndAdministrativeExpense"),
    ),
    "share_based_compensation": (("ShareBasedCompensation",), ("AdjustmentsForSharebasedPayments",)),
    "depreciation_amortization": (
        ("DepreciationDepletionAndAmortization",),
        ("DepreciationAmortizationAndAccretionNet",),
        ("DepreciationAndAmortization",),
        ("Depreciation", "AmortizationOfIntangibleAssets"),
        ("AdjustmentsForDepreciationAndAmortisationExpense",),
    ),
    "operating_cash_flow": (
        ("NetCashProvidedByUsedInOperatingActivities",),
        ("NetCashProvidedByUsedInOperatingActivitiesContinuingOperations",),
        ("CashFlowsFromUsedInOperatingActivities",),
    ),
    "capital_expenditure": (
        ("PaymentsToAcquirePropertyPlantAndEquipment",),
        ("PaymentsToAcquireProductiveAssets",),
        ("PurchaseOfPropertyPlantAndEquipmentClassifiedAsInvestingActivities",),
    ),
    "dividends_paid": (("PaymentsOfDividends",), ("PaymentsOfDividendsCommonStock",), ("PaymentsOfOrdinaryDividends",)),
    "share_repurchases": (("PaymentsForRepurchaseOfCommonStock",), ("PaymentsForRepurchaseOfEquity",)),
}
BALANCES: dict[str, Alternatives] = {
    "total_assets": (("Assets",),),
    "current_assets": (("AssetsCurrent",), ("CurrentAssets",)),
    "current_liabilities": (("LiabilitiesCurrent",), ("CurrentLiabilities",)),
    "cash": (
        ("CashCashEquivalentsAndShortTermInvestments",),
        ("CashAndCashEquivalentsAtCarryingValue", "MarketableSecuritiesCurrent"),
        ("CashAndCashEquivalentsAtCarryingValue", "ShortTermInvestments"),
        ("CashAndCashEquivalentsAtCarryingValue", "AvailableForSaleSecuritiesDebtSecuritiesCurrent"),
        ("CashAndCashEquivalentsAtCarryingValue",),
        ("CashAndCashEquivalents",),
    ),
    "receivables": (("AccountsReceivableNetCurrent",), ("ReceivablesNetCurrent",), ("TradeAndOtherCurrentReceivables",)),
    "inventory": (("InventoryNet",), ("Inventories",)),
    "total_debt": (
        ("DebtLongtermAndShorttermCombinedAmount",),
        ("LongTermDebtNoncurrent", "DebtCurrent"),
        ("LongTermDebtNoncurrent", "LongTermDebtCurrent", "CommercialPaper"),
        ("LongTermDebtNoncurrent", "LongTermDebtCurrent", "ShortTermBorrowings"),
        ("LongTermDebt", "CommercialPaper"),
        ("LongTermDebt", "ShortTermBorrowings"),
        ("LongTermDebtNoncurrent", "LongTermDebtCurrent"),
        ("LongTermDebt",),
        ("Borrowings",),
    ),
    "long_term_debt": (("LongTermDebtNoncurrent",), ("LongTermDebtAndCapitalLeaseObligations",), ("LongtermBorrowings",)),
    "total_liabilities": (("Liabilities",),),
    "total_equity": (
        ("StockholdersEquity",),
        ("EquityAttributableToOwnersOfParent",),
        ("StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",),
        ("Equity",),
    ),
    "retained_earnings": (("RetainedEarningsAccumulatedDeficit",), ("RetainedEarnings",)),
    "goodwill_intangibles": (
        ("IntangibleAssetsNetIncludingGoodwill",),
        ("Goodwill", "IntangibleAssetsNetExcludingGoodwill"),
        ("Goodwill", "FiniteLivedIntangibleAssetsNet"),
    ),
    "shares_outstanding": (("CommonStockSharesOutstanding",),),
}
# The mean number of shares behind each figure per share.
PER_SHARE: dict[str, Alternatives] = {
    "eps_basic": (
        ("WeightedAverageNumberOfSharesOutstandingBasic",),
        ("WeightedAverageNumberOfShareOutstandingBasicAndDiluted",),
        ("WeightedAverageShares",),
    ),
    "eps_diluted": (
        ("WeightedAverageNumberOfDilutedSharesOutstanding",),
        ("WeightedAverageNumberOfShareOutstandingBasicAndDiluted",),
        ("AdjustedWeightedAverageShares",),
    ),
}
SHARES = frozenset({"shares_outstanding"})
# Shares on the cover page of a report, weeks after the period's end.
COVER = "EntityCommonStockSharesOutstanding"
ITEMS = frozenset({*FLOWS, *BALANCES, "shares_outstanding_now"})

# The largest companies' numbers at the SEC and how their names begin there, for when the list of all of them cannot be had.
# The name is compared with each answer, so that a number that went to somebody else brings nothing.
LARGEST: dict[str, tuple[int, str]] = {
    "AAPL": (320193, "APPLE"),
    "AMD": (2488, "ADVANCED MICRO"),
    "AMZN": (1018724, "AMAZON"),
    "AVGO": (1730168, "BROADCOM"),
    "BAC": (70858, "BANK OF AMERICA"),
    "BRK-A": (1067983, "BERKSHIRE"),
    "BRK-B": (1067983, "BERKSHIRE"),
    "COST": (909832, "COSTCO"),
    "CSCO": (858877, "CISCO"),
    "CVX": (93410, "CHEVRON"),
    "DIS": (1744489, "WALT DISNEY"),
    "F": (37996, "FORD"),
    "GOOG": (1652044, "ALPHABET"),
    "GOOGL": (1652044, "ALPHABET"),
    "HD": (354950, "HOME DEPOT"),
    "INTC": (50863, "INTEL"),
    "JNJ": (200406, "JOHNSON"),
    "JPM": (19617, "JPMORGAN"),
    "KO": (21344, "COCA"),
    "LLY": (59478, "ELI LILLY"),
    "MA": (1141391, "MASTERCARD"),
    "META": (1326801, "META"),
    "MRVL": (1835632, "MARVELL"),
    "MSFT": (789019, "MICROSOFT"),
    "NFLX": (1065280, "NETFLIX"),
    "NVDA": (1045810, "NVIDIA"),
    "ORCL": (1341439, "ORACLE"),
    "PEP": (77476, "PEPSICO"),
    "PG": (80424, "PROCTER"),
    "TSLA": (1318605, "TESLA"),
    "UNH": (731766, "UNITEDHEALTH"),
    "V": (1403161, "VISA"),
    "WMT": (104169, "WALMART"),
    "XOM": (34088, "EXXON"),
}
