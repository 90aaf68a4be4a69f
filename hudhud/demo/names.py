"""Whom the sample shop knows: names, countries and time zones in four languages; all addresses are on reserved domains (RFC 2606)."""

from __future__ import annotations

from dataclasses import dataclass

# (as written, as in an e-mail address)
Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tongue:
    """People of one language: how often, their names, where they live (country, time zone, city)."""

    code: str
    share: float
    first: tuple[Name, ...]
    last: tuple[Name, ...]
    places: tuple[tuple[str, str, str], ...]


def _plain(words: str) -> tuple[Name, ...]:
    table = str.maketrans("äöüõšžéáíñ", "aouoszeain")
    return tuple((word, word.lower().translate(table)) for word in words.split())


def _paired(words: str) -> tuple[Name, ...]:
    return tuple((native, latin) for native, _, latin in (word.partition("/") for word in words.split()))


TONGUES = (
    Tongue(
        "en",
        0.46,
        _plain(
            "Olivia Amelia Isla Ava Ivy Freya Lily Grace Ruby Nora Noah George Arthur Leo Oscar Theo Jack Henry Alfie Max Maya Zoe Ethan Lucas"
        ),
        _plain(
            "Smith Jones Taylor Brown Wilson Evans Walker White Green Hall Wood Clarke Baker Carter Turner Parker Cook Bell Murphy Kelly Ward Fox"
        ),
        (
            ("GB", "Europe/London", "London"),
            ("GB", "Europe/London", "Leeds"),
            ("US", "America/New_York", "Boston"),
            ("US", "America/Los_Angeles", "Portland"),
            ("IE", "Europe/Dublin", "Dublin"),
            ("AU", "Australia/Sydney", "Sydney"),
        ),
    ),
    Tongue(
        "et",
        0.24,
        _plain(
            "Mari Kati Liis Anna Sofia Mia Laura Eliise Hanna Emma Kadri Piret Rasmus Oliver Kaur Markus Robin Hugo Sander Karl Jaan Toomas Märt Priit"
        ),
        _plain("Tamm Saar Sepp Mägi Kask Kukk Rebane Ilves Koppel Luik Oja Raud Kuusk Lepik Põder Vaher Kallas Laas Pärn Roos Teder Uibo"),
        (
            ("EE", "Europe/Tallinn", "Tallinn"),
            ("EE", "Europe/Tallinn", "Tartu"),
            ("EE", "Europe/Tallinn", "Pärnu"),
            ("FI", "Europe/Helsinki", "Helsinki"),
        ),
    ),
    Tongue(
        "fa",
        0.16,
        _paired(
            "سارا/sara مریم/maryam نرگس/narges زهرا/zahra لیلا/leila شیرین/shirin نیلوفر/niloufar پریسا/parisa علی/ali رضا/reza امیر/amir کیان/kian آرش/arash بهرام/bahram سینا/sina نیما/nima"
        ),
        _paired(
            "احمدی/ahmadi محمدی/mohammadi حسینی/hosseini رضایی/rezaei کریمی/karimi موسوی/mousavi جعفری/jafari صادقی/sadeghi رحیمی/rahimi نوری/nouri مرادی/moradi کاظمی/kazemi"
        ),
        (
            ("IR", "Asia/Tehran", "تهران"),
            ("IR", "Asia/Tehran", "شیراز"),
            ("IR", "Asia/Tehran", "اصفهان"),
            ("DE", "Europe/Berlin", "Berlin"),
        ),
    ),
    Tongue(
        "ar",
        0.14,
        _paired(
            "ليلى/layla فاطمة/fatima نور/nour مريم/mariam سلمى/salma هدى/huda ريم/reem أمل/amal محمد/mohamed أحمد/ahmed عمر/omar يوسف/youssef خالد/khaled كريم/karim سامي/sami حسن/hassan"
        ),
        _paired(
            "حداد/haddad منصور/mansour خوري/khoury سليمان/soliman فارس/fares ناصر/nasser عباس/abbas صالح/saleh يعقوب/yacoub رمضان/ramadan شاهين/shahin بدر/badr"
        ),
        (
            ("EG", "Africa/Cairo", "القاهرة"),
            ("AE", "Asia/Dubai", "دبي"),
            ("SA", "Asia/Riyadh", "الرياض"),
            ("MA", "Africa/Casablanca", "الدار البيضاء"),
        ),
    ),
)
DOMAINS = ("example.com", "example.net", "example.org")
