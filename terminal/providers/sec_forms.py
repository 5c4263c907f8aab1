"""What the SEC's forms and the items of an 8-K are called in plain words. Tables, and the title of a filing."""

from __future__ import annotations

FORMS = {
    "10-K": "Annual report",
    "10-Q": "Quarterly report",
    "20-F": "Annual report of a foreign company",
    "40-F": "Annual report of a Canadian company",
    "6-K": "Report of a foreign company",
    "8-K": "Report of an event",
    "11-K": "Report of an employee share plan",
    "ARS": "Annual report to shareholders",
    "NT 10-K": "Annual report will be late",
    "NT 10-Q": "Quarterly report will be late",
    "3": "First statement of an insider's holding",
    "4": "Trade of an insider",
    "5": "Yearly statement of an insider's holding",
    "144": "Planned sale by an insider",
    "SC 13D": "Large holding, active",
    "SCHEDULE 13D": "Large holding, active",
    "SC 13G": "Large holding, passive",
    "SCHEDULE 13G": "Large holding, passive",
    "13F-HR": "Holdings of an investment manager",
    "DEF 14A": "Invitation to the shareholders' meeting",
    "DEFA14A": "More for the shareholders' meeting",
    "PRE 14A": "Draft invitation to the shareholders' meeting",
    "DEFM14A": "Shareholders' vote on a merger",
    "S-1": "Registration of new securities",
    "S-3": "Registration of securities to be sold later",
    "S-3ASR": "Registration of securities to be sold later",
    "S-4": "Registration of securities for a merger",
    "S-8": "Registration of shares for employees",
    "F-1": "Registration of new securities",
    "F-3": "Registration of securities to be sold later",
    "424B2": "Prospectus",
    "424B3": "Prospectus",
    "424B4": "Prospectus",
    "424B5": "Prospectus",
    "FWP": "Prospectus",
    "SC TO-T": "Tender offer by another company",
    "SC TO-I": "Tender offer for own shares",
    "SC 14D9": "Answer to a tender offer",
    "25": "End of a listing",
    "25-NSE": "End of a listing, by the exchange",
    "15-12G": "End of the duty to report",
    "SD": "Report on conflict minerals",
}
ITEMS = {
    "1.01": "Material agreement",
    "1.02": "End of a material agreement",
    "1.03": "Bankruptcy",
    "1.04": "Mine safety",
    "1.05": "Cyber-attack",
    "2.01": "Purchase or sale of a business",
    "2.02": "Results",
    "2.03": "New debt",
    "2.04": "Debt due early",
    "2.05": "Costs of restructuring",
    "2.06": "Write-down",
    "3.01": "Notice about the listing",
    "3.02": "Private sale of shares",
    "3.03": "Shareholders' rights changed",
    "4.01": "Change of auditor",
    "4.02": "Earlier statements are not reliable",
    "5.01": "Change of control",
    "5.02": "Change among directors or officers",
    "5.03": "Change of the charter or fiscal year",
    "5.04": "Pause in an employee plan",
    "5.05": "Code of ethics",
    "5.07": "Vote of the shareholders",
    "5.08": "Nomination of directors",
    "7.01": "Disclosure to investors",
    "8.01": "Other event",
}
AMENDED = "/A"


def title(form: str, items: str, said: str | None) -> str:
    """A filing in words: an 8-K by its items, any other by its form, else as it names itself."""
    base, amended = form.removesuffix(AMENDED), form.endswith(AMENDED)
    events = [ITEMS[item] for item in items.split(",") if item in ITEMS] if base == "8-K" else []
    words = "; ".join([events[0], *(event[0].lower() + event[1:] for event in events[1:])]) if events else FORMS.get(base)
    return (words or said or form) + (", amended" if amended and words else "")
