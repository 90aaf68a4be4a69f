"""What the app's own routes answer: written into the API's document, from which the web app takes its types."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 -- read at run time by the schemas

from ninja import Schema


class SetupState(Schema):
    """Is the first owner still to be made, and can users be written to?"""

    open: bool
    mail: bool


class User(Schema):
    """Somebody who signs in."""

    id: int
    email: str
    name: str


class Workspace(Schema):
    """One company and its settings."""

    id: int
    name: str
    time_zone: str
    language: str
    currency: str
    sender_name: str
    sender_email: str
    postal_address: str
    open_attributes: list[str]
    publishing_needs_approval: bool
    is_sample: bool
    created_at: datetime


class Membership(Schema):
    """A workspace that the user may choose."""

    id: int
    name: str
    role: str


class Me(Schema):
    """Who is asking, where, and what time it is there."""

    actor: str
    role: str
    user: User | None
    workspace: Workspace
    workspaces: list[Membership]
    now: datetime


class Reachable(Schema):
    """How many can be written to, by channel."""

    email: int


class Day(Schema):
    """One day's events, and how many of them were orders."""

    day: str
    events: int
    orders: int


class Skips(Schema):
    """How many messages were held back for a reason."""

    reason: str
    count: int


class Sendings(Schema):
    """What became of the messages of the last days."""

    sent: int
    states: dict[str, int]
    skipped: list[Skips]


class HomeJourney(Schema):
    """A journey and how many are in it now."""

    key: str
    status: str
    names: dict[str, str] | None
    here: int


class Attention(Schema):
    """Something that waits for somebody, and the screen that settles it."""

    kind: str
    link: str
    count: int | None = None
    key: str | None = None


class Home(Schema):
    """The figures of Home."""

    as_of: datetime
    is_sample: bool
    people: int
    reachable: Reachable
    events_today: int
    days: list[Day]
    messages_7d: Sendings
    journeys: list[HomeJourney]
    running_journeys: int
    attention: list[Attention]
    links: dict[str, str]


class Face(Schema):
    """What a person is called."""

    name: str | None
    email: str | None


class Moment(Schema):
    """One event of the ticker; `about` is what it was about, such as a product's name."""

    at: datetime
    kind: str
    name: str
    message_id: str
    about: str
    person_id: int | None
    person: Face


class Moments(Schema):
    """The latest events; there is no next page."""

    items: list[Moment]
    next: None = None
    total: int
