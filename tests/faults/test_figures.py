"""Trouble with figures never stops mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.post import Post


def test_opens_that_cannot_be_judged_do_not_stop_sending(post: Post) -> None:
    with post.db.everywhere() as everywhere:
        everywhere.conn.execute("ALTER TABLE engagement RENAME TO elsewhere")
    with post.worker():
        post.wait(lambda: "delivery.hits_not_judged" in post.log())
        post.plan("anna@example.com")
        post.wait_for(accepted=1)
    assert len(post.mails()) == 1
