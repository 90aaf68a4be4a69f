"""What the headers of our users' other tools mean: names in many languages, and exports that are recognised by what they call their columns."""

from __future__ import annotations

from dataclasses import dataclass

# What headers of our users' tools are called, in their languages, and the field they mean.
NAMES: dict[str, str] = {
    **dict.fromkeys(
        ["email", "e_mail", "email_address", "e_mail_address", "mail", "epost", "e_post", "e_posti_aadress", "ایمیل", "البريد_الإلكتروني"],
        "email",
    ),
    **dict.fromkeys(["phone", "phone_number", "mobile", "mobile_phone_number", "telefon", "mobiil", "تلفن", "موبایل", "الهاتف"], "phone"),
    **dict.fromkeys(["user_id", "userid", "customer_id", "customerid", "customer_number", "external_id", "kliendinumber"], "user_id"),
    **dict.fromkeys(["anonymous_id", "anonymousid"], "anonymous_id"),
    **dict.fromkeys(["first_name", "firstname", "given_name", "eesnimi", "نام", "الاسم_الأول"], "traits.first_name"),
    **dict.fromkeys(
        ["last_name", "lastname", "surname", "family_name", "perenimi", "perekonnanimi", "نام_خانوادگی", "اسم_العائلة"], "traits.last_name"
    ),
    **dict.fromkeys(["name", "full_name", "nimi", "الاسم"], "traits.name"),
    **dict.fromkeys(["language", "locale", "preferred_language", "keel", "زبان", "اللغة"], "traits.language"),
    **dict.fromkeys(["country", "country_code", "riik", "کشور", "البلد"], "traits.country"),
    **dict.fromkeys(["timezone", "time_zone", "ajavöönd"], "traits.timezone"),
    **dict.fromkeys(["timestamp", "at", "date", "time", "ordered_on", "order_date", "created_at", "kuupäev", "تاریخ", "التاريخ"], "at"),
    **dict.fromkeys(["event", "event_name", "event_type", "sündmus", "رویداد", "الحدث"], "event"),
    **dict.fromkeys(["message_id", "messageid", "event_id"], "message_id"),
}
FOR_EVENTS = frozenset({"at", "event", "message_id"})
# What only lists of consent, and of addresses never to be written to, call their columns.
FOR_CONSENT: dict[str, str] = {
    **dict.fromkeys(["topic", "list", "list_name", "subscription", "subscription_type"], "topic"),
    **dict.fromkeys(["state", "status", "consent", "consent_status", "subscription_status", "email_status"], "state"),
    **dict.fromkeys(["channel"], "channel"),
    **dict.fromkeys(["source", "consent_source", "consent_method", "signup_source", "opt_in_source"], "consent.source"),
    **dict.fromkeys(["text", "wording", "consent_text", "consent_wording", "statement"], "consent.text"),
    **dict.fromkeys(["consent_date", "consent_at", "consent_timestamp", "opt_in_date", "optin_date", "subscribed_at", "signup_date"], "at"),
}
FOR_SUPPRESSIONS: dict[str, str] = {
    **dict.fromkeys(["reason", "type", "status"], "suppressed"),
    **dict.fromkeys(["address", "recipient"], "address"),
    **dict.fromkeys(["channel"], "channel"),
    **dict.fromkeys(["detail", "details", "comments", "comment", "note", "notes", "error"], "detail"),
    **dict.fromkeys(["created", "date_added", "added_at", "suppressed_at", "date_set"], "at"),
}


@dataclass(frozen=True, slots=True)
class Product:
    """An export that is recognised by its headers: at least two of `marks`; what some of its columns mean (empty: left out)."""

    name: str
    marks: frozenset[str]
    fields: dict[str, str]


PRODUCTS = (
    Product(
        "mailchimp",
        frozenset({"member_rating", "optin_time", "optin_ip", "confirm_time", "leid", "euid", "last_changed", "unsub_time", "clean_time"}),
        {
            "optin_time": "at",
            "cc": "traits.country",
            "timezone": "traits.timezone",
            "unsub_reason": "detail",
            **dict.fromkeys(
                ["member_rating", "optin_ip", "confirm_time", "confirm_ip", "leid", "euid", "last_changed", "gmtoff", "dstoff"], ""
            ),
            **dict.fromkeys(
                ["unsub_campaign_title", "unsub_campaign_id", "unsub_reason_other", "clean_campaign_title", "clean_campaign_id"], ""
            ),
        },
    ),
    Product(
        "klaviyo",
        frozenset(
            {
                "klaviyo_id",
                "email_marketing_consent",
                "email_marketing_consent_timestamp",
                "email_marketing_status",
                "profile_created_on",
                "email_suppressions",
                "$consent",
            }
        ),
        {
            "email_marketing_consent": "topic.newsletter",
            "email_marketing_status": "topic.newsletter",
            "email_marketing_consent_timestamp": "at",
            "email_suppressions_timestamp": "",
            "klaviyo_id": "",
            "external_id": "user_id",
        },
    ),
    Product(
        "hubspot",
        frozenset(
            {
                "record_id",
                "lifecycle_stage",
                "lead_status",
                "contact_owner",
                "create_date",
                "last_activity_date",
                "marketing_contact_status",
            }
        ),
        {"record_id": "", "create_date": "at", "country_region": "traits.country", "last_activity_date": ""},
    ),
    Product(
        "mautic",
        frozenset({"date_added", "dateadded", "last_active", "points", "date_identified", "dateidentified", "stage", "attribution"}),
        {
            "id": "",
            "date_added": "at",
            "dateadded": "at",
            "date_identified": "",
            "dateidentified": "",
            "preferred_locale": "traits.language",
        },
    ),
)
