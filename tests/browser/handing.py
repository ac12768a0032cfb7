"""Files that a visitor of the sessions page hands in."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from relrec_core.sessions.data.readers import Upload


def hand_in(page: Page, *files: dict[str, object]) -> None:
    """Files as a visitor hands them in."""
    page.get_by_role("button", name="Your own sessions").click()
    page.get_by_text("My files", exact=True).click()
    field = page.locator('input[type="file"]')
    expect(field).to_be_attached()
    field.set_input_files(list(files))  # type: ignore[arg-type]


def file_of(upload: Upload) -> dict[str, object]:
    kind = "application/octet-stream"
    return {"name": upload.name, "mimeType": kind, "buffer": upload.content}
