# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens when somebody does something on the page.

Each action returns the parts of the page that it changes, with their new values.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from era3d.errors import InputError
from era3d.serve.refusal import Refusal
from era3d.serve.settings import Limits
from era3d.web import markup, memory, orders
from era3d.web.controls import asked, shown
from era3d.web.inside import Inside, Refused
from era3d.web.memory import Memory
from era3d.web.preview import preview
from era3d.web.watch import Watch

if TYPE_CHECKING:
    from era3d.web.page import Layout

Changes = dict[Any, Any]
_GONE = 404


class Actions:
    """The actions of one page.

    Parameters
    ----------
    layout : Layout
        The parts of the page.
    inside : Inside
        The server.
    limits : Limits
        The server's.
    """

    def __init__(self, layout: "Layout", inside: Inside, limits: Limits) -> None:
        self._parts, self._inside, self._limits = layout, inside, limits
        self._decoding = asyncio.Semaphore(1)

    async def come_back(self, given: Any, watch: Watch, http: gr.Request) -> Changes:
        """Show what this browser was last looking at."""
        return await self._open(memory.checked(given), http)

    async def look(self, given: Any, watch: Watch, http: gr.Request) -> Changes:
        """See how far the job is."""
        known = memory.checked(given)
        if known["open"] != watch.job:  # another window of this browser opened another one
            return await self._open(known, http)
        try:
            if not await orders.look(self._inside, http, watch):
                return {self._parts.watch: gr.skip()}
        except Refused as error:
            return await self._lost(known, error, http)
        return self._show(watch)

    async def preview(self, picture: str | None, crop_size: float) -> Changes:
        """Show what the model will see."""
        parts = self._parts
        if not picture:
            return {parts.subject: "", parts.notice: ""}
        try:
            async with self._decoding:
                seen = await asyncio.to_thread(preview, Path(picture), int(crop_size), self._limits)
        except (InputError, Refusal) as error:
            told = str(error).replace(picture, "The picture")
            return {parts.subject: "", parts.notice: markup.notice(told)}
        return {parts.subject: markup.subject(*seen), parts.notice: ""}

    async def generate(
        self, given: Any, picture: str | None, http: gr.Request, *settings: Any
    ) -> Changes:
        """Make a job of the picture."""
        if not picture:
            return self._say("Choose a picture first.")
        request = asked(self._parts.controls, settings)
        try:
            job = await orders.submit(self._inside, http, Path(picture), request)
        except Refused as error:
            return self._say(str(error))
        name = Path(picture).stem[:80] or "picture"
        return await self._open(memory.with_job(memory.checked(given), job, name), http)

    async def cancel(self, given: Any, http: gr.Request) -> Changes:
        """End the job that is shown; looking on shows how it ended."""
        try:
            job = memory.checked(given)["open"]
            await self._inside.ask(http, "POST", f"jobs/{job}/cancel")
        except Refused as error:
            return self._say(str(error))
        return self._say("")

    async def open(self, given: Any, job: str, http: gr.Request) -> Changes:
        """Show another of this browser's jobs."""
        return await self._open(memory.opened(memory.checked(given), job), http)

    async def delete(self, given: Any, http: gr.Request) -> Changes:
        """Delete the job that is shown; nothing is given if the person is not sure."""
        known = memory.checked(given)
        if not known["open"]:
            return self._say("")
        try:
            await self._inside.ask(http, "DELETE", f"jobs/{known['open']}")
        except Refused as error:
            if error.status != _GONE:
                return self._say(str(error))
        return await self._open(memory.without(known, known["open"]), http)

    def choose_view(self, event: gr.EventData) -> Changes:
        """Have a view of the gallery chosen to be replaced."""
        parts = self._parts
        return {parts.view: event.view, parts.repaint: gr.update(open=True)}

    async def rebuild(
        self,
        given: Any,
        view: str | None,
        painted: str | None,
        http: gr.Request,
        *settings: Any,
    ) -> Changes:
        """Put a painted view in, if there is one, and run the job again."""
        parts, known = self._parts, memory.checked(given)
        job = known["open"]
        try:
            if painted and view:
                await orders.put_view(self._inside, http, job, view, Path(painted))
            await orders.rebuild(self._inside, http, job, asked(parts.mesh, settings))
        except Refused as error:
            return self._say(str(error))
        return await self._open(known, http) | {parts.painted: None}

    async def _open(self, known: Memory, http: gr.Request) -> Changes:
        """Show the job that the browser has open, from its first event on."""
        parts, job = self._parts, known["open"]
        watch = Watch(job, memory.name_of(known, job))
        if job:
            try:
                while await orders.look(self._inside, http, watch):
                    pass
            except Refused as error:
                return await self._lost(known, error, http)
        choices = [(name, each) for each, name in known["jobs"]]
        jobs = gr.update(choices=choices, value=job or None, visible=bool(choices))
        changes = {parts.memory: known, parts.jobs: jobs, parts.notice: ""}
        if watch.request:
            values = shown(parts.controls, watch.request)
            changes |= dict(zip(parts.controls.values(), values, strict=True))
        return changes | self._show(watch)

    async def _lost(self, known: Memory, error: Refused, http: gr.Request) -> Changes:
        """A job that the server no longer has is forgotten here, too."""
        if error.status != _GONE:
            return self._say(str(error)) | {self._parts.timer: gr.Timer(active=False)}
        shown = await self._open(memory.without(known, known["open"]), http)
        return shown | self._say("That job is no longer on the server.")

    def _show(self, watch: Watch) -> Changes:
        parts = self._parts
        over = bool(watch.job) and not watch.active
        return {
            parts.watch: watch,
            parts.timer: gr.Timer(active=watch.active),
            parts.status: markup.status(watch),
            parts.cancel: gr.update(visible=watch.active),
            parts.delete: gr.update(visible=bool(watch.job)),
            parts.mesh_address: markup.mesh_address(watch),
            parts.downloads: markup.downloads(watch),
            parts.gallery: markup.views(watch),
            parts.repaint: gr.update(visible=over and bool(watch.files)),
        }

    def _say(self, text: str) -> Changes:
        return {self._parts.notice: markup.notice(text)}
