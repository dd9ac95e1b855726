# SPDX-License-Identifier: ISC
"""What Stripe knows and nobody can ask it for: API versions, currencies, countries, locales, test
cards, the bounds of amounts and times, and how an amount is written."""

NEWEST = "2026-10-28.endive"

API_VERSIONS = frozenset("""
2017-08-15 2018-02-28 2018-05-21 2018-07-27 2018-09-24 2018-10-31 2018-11-08 2019-02-11 2019-02-19
2019-03-14 2019-05-16 2019-08-14 2019-09-09 2019-10-08 2019-10-17 2019-11-05 2019-12-03 2020-03-02
2020-08-27 2022-08-01 2022-11-15 2023-08-16 2023-10-16 2024-04-10 2024-06-20
2024-09-30.acacia 2024-10-28.acacia 2024-11-20.acacia 2024-12-18.acacia 2025-01-27.acacia
2025-02-24.acacia 2025-03-31.basil 2025-04-30.basil 2025-05-28.basil 2025-06-30.basil
2025-07-30.basil 2025-08-27.basil 2025-09-30.clover 2025-10-29.clover 2025-11-17.clover
2025-12-15.clover 2026-01-28.clover 2026-02-25.clover 2026-03-25.dahlia 2026-04-22.dahlia
2026-05-27.dahlia 2026-06-24.dahlia 2026-07-29.dahlia 2026-08-26.dahlia 2026-09-30.endive
2026-10-28.endive
""".split())

CURRENCIES = frozenset("""
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd
cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd
hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad
mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln
pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs
uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
""".split())

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
WHOLE_ONLY = frozenset("isk ugx".split())  # sent with two decimals, both of them 0

SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹", "krw": "₩", "vnd": "₫",
           "aud": "A$", "cad": "CA$", "nzd": "NZ$", "hkd": "HK$", "brl": "R$", "mxn": "MX$",
           "ils": "₪", "php": "₱"}

MINIMUM_CHARGE = {"usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50,
                  "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500,
                  "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
                  "ron": 200, "sek": 300, "sgd": 50, "thb": 1000}
MOST_AMOUNT = 999_999_999_999

COUNTRIES = frozenset("""
AC AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CD CF CG CH CI CK CL CM CN CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET
FI FJ FK FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HN HR HT HU ID IE IL IM
IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD
ME MF MG MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU NZ OM PA PE PF
PG PH PK PL PM PN PR PS PT PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST
SV SX SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VN VU WF WS
XK YE YT ZA ZM ZW ZZ
""".split())

LOCALES = ("auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv "
           "ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW").split()

# The four events of a Checkout Session, then what changes an order afterwards.
DEFAULT_EVENTS = ["checkout.session.completed", "checkout.session.async_payment_succeeded",
                  "checkout.session.async_payment_failed", "checkout.session.expired",
                  "charge.updated", "charge.captured", "payment_intent.canceled",
                  "charge.refunded", "refund.created", "refund.updated", "refund.failed",
                  "charge.refund.updated",
                  "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
                  "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"]

# Test cards: brand, then the decline code and its sentence, or None for a card that pays.
CARDS = {
    "4242424242424242": ("visa", None, None),
    "5555555555554444": ("mastercard", None, None),
    "4000000000000002": ("visa", "generic_decline", "Your card was declined."),
    "4000000000009995": ("visa", "insufficient_funds", "Your card has insufficient funds."),
}
OTHER_CARD = ("visa", "test_mode_live_card", "Your card was declined. Your request was in test mode, "
              "but used a non test card. For a list of valid test cards, visit: "
              "https://stripe.com/docs/testing.")

DAY = 24 * 3600
HALF_HOUR = 1800
CHECKOUT_WAIT = 10  # seconds that a buyer waits for the webhook's answer
BODY_CAP = 1 << 20
SUPPORT = "If you have any questions, we can help at https://support.stripe.com/."


def format_amount(amount, code):
    """Money as a person reads it: $12.50, ¥1,200, 1.250 KWD."""
    decimals = 0 if code in ZERO_DECIMAL | WHOLE_ONLY else 3 if code in THREE_DECIMAL else 2
    whole = amount // 100 if code in WHOLE_ONLY else amount
    units, cents = divmod(whole, 10 ** decimals)
    number = f"{units:,}" + (f".{cents:0{decimals}d}" if decimals else "")
    return SYMBOLS[code] + number if code in SYMBOLS else f"{number} {code.upper()}"
