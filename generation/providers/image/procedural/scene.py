"""Composition: what the wish leaves open is chosen by the seed, then everything is painted from far to near."""

import hashlib
from collections.abc import Sequence

import numpy as np

from generation.providers.image.procedural import backdrops, land, people, sky
from generation.providers.image.procedural.canvas import Canvas, Style
from generation.providers.image.procedural.colours import Colour, hexed, light_of
from generation.providers.image.procedural.creatures import flying
from generation.providers.image.procedural.finish import finish, soften
from generation.providers.image.procedural.noise import Floats
from generation.providers.image.procedural.pen import Pen
from generation.providers.image.procedural.plants import tree_of
from generation.providers.image.procedural.subjects import SUBJECTS, TREES, Subject, Where
from generation.providers.image.procedural.words import Thing, Wish, read_wish

OUTDOORS = ("mountains", "sea", "lake", "city", "forest", "desert", "meadow", "snowfield")
WIDE = ("mountains", "sea", "lake", "city", "desert")
MOST = 9


def random_of(*parts: object) -> np.random.Generator:
    """The same numbers for the same parts, on any machine."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def paint_scene(
    prompt: str, *, width: int, height: int, seed: int, style: str, negative_prompt: str
) -> tuple[Floats, Style]:
    """Pixels (height, width, 3) from 0 to 1, and the style that was used."""
    wish = read_wish(prompt, negative_prompt)
    rng = random_of(prompt.strip(), seed)
    used = Style(style or wish.style or Style.REALISTIC.value)
    scene = Scene(wish, rng, width, height, used)
    scene.paint()
    return scene.canvas.pixels, used


class Scene:
    def __init__(self, wish: Wish, rng: np.random.Generator, width: int, height: int, style: Style) -> None:
        self.wish, self.rng = wish, rng
        self.things = self._things()
        self.setting = self._setting()
        is_cold = wish.weather == "snow" or self.setting == "snowfield"
        open_season = str(rng.choice(["spring", "summer", "summer", "autumn"]))
        self.season = wish.season or ("winter" if is_cold else open_season)
        self.weather = wish.weather
        self.time = wish.time or self._time()
        if self.weather in ("aurora", "fireworks"):
            self.time = "night"
        is_inside = self.setting in ("space", "underwater", "studio")
        light = light_of("day", "", rng) if is_inside else light_of(self.time, self.weather, rng)
        side = 1.0 if rng.random() < 0.5 else -1.0
        self.canvas = Canvas(width, height, style=style, light=light, side=side, rng=rng)
        self.horizon = float(rng.uniform(0.44, 0.6))
        self.accent = hexed(wish.colour) if wish.colour else None

    def _things(self) -> Sequence[Thing]:
        named = [Thing("house", one.colour, 4) if one.name == "village" else one for one in self.wish.things]
        things = [one for one in named if one.name in SUBJECTS][:4]
        if (
            not things
            and not self.wish.setting
            and not (self.wish.weather or self.wish.time or self.wish.season)
        ):
            return [Thing("sculpture", self.wish.colour)]
        return things

    def _setting(self) -> str:
        if self.wish.setting:
            is_snow = self.wish.setting == "meadow" and (
                self.wish.weather == "snow" or self.wish.season == "winter"
            )
            return "snowfield" if is_snow else self.wish.setting
        if self.things:
            homes = SUBJECTS[self.things[0].name].homes
            outside = [one for one in homes if one in OUTDOORS]
            if (self.wish.weather or self.wish.time or self.wish.season) and outside:
                homes = tuple(outside)
            home = str(self.rng.choice(homes))
            return "snowfield" if home == "meadow" and self.wish.weather == "snow" else home
        return str(self.rng.choice(["mountains", "lake", "sea", "meadow", "forest"]))

    def _time(self) -> str:
        return str(self.rng.choice(["day", "day", "day", "dawn", "sunset", "sunset", "dusk"]))

    def paint(self) -> None:
        {
            "space": self._space,
            "underwater": self._underwater,
            "room": self._room,
            "studio": self._studio,
        }.get(self.setting, self._outdoors)()
        if self.setting not in ("room", "studio", "space", "underwater"):
            sky.paint_weather(self.canvas, self.weather)
            if self.weather == "fog":
                sky.paint_fog(self.canvas, 0.28)
            if self.season == "autumn" and self.wish.season:
                sky.petals(self.canvas, hexed("#d9822b"))
            if any(one.name == "blossom" for one in self.things):
                sky.petals(self.canvas, hexed("#f6b6c8"))
        finish(self.canvas)

    # Places

    def _backdrop(self) -> None:
        """Sky and land as far as the ground on which things stand."""
        canvas, rng, horizon = self.canvas, self.rng, self.horizon
        sky.paint_sky(canvas, horizon=horizon, weather=self.weather)
        greens = land.greens(canvas, self.season, self.weather)
        is_cold = self.season == "winter" or self.weather == "snow"
        places = self.wish.places
        if self.setting == "city":
            land.skyline(canvas, horizon + 0.12)
            self._street(horizon + 0.12)
            return
        if self.setting == "desert":
            if rng.random() < 0.4:
                land.ranges(canvas, horizon, layers=2, height=0.16)
            land.dunes(canvas, horizon)
            return
        if self.setting == "sea":
            if rng.random() < 0.55 or "mountains" in places:
                land.ranges(canvas, horizon, layers=2, height=0.18, has_snow=is_cold)
            land.water(canvas, horizon, hexed("#2f7f9f"), waves=1.5)
            if "beach" in places or rng.random() < 0.5 or self._has_ground_things():
                land.beach(canvas, 0.8)
            return
        land.ranges(
            canvas,
            horizon,
            layers=int(rng.integers(2, 5)),
            has_snow=is_cold or rng.random() < 0.6,
            height=float(rng.uniform(0.3, 0.42))
            if self.setting == "mountains"
            else float(rng.uniform(0.12, 0.24)),
        )
        if self.setting in ("lake",) or "lake" in places:
            if rng.random() < 0.7:
                self._tree_line(horizon + 0.012, 0.075)
            land.water(canvas, horizon + 0.01, hexed("#3f7f8f"), waves=0.7)
            if self._has_ground_things():
                self._shore(greens)
            return
        land.hills(canvas, horizon - 0.02, 0.8, colours=greens, layers=4)
        if self.setting == "forest":
            kind = next(
                (one.name for one in self.things if one.name in ("pine", "bamboo", "blossom", "palm")), ""
            )
            land.woods(canvas, horizon, kind=kind, season=self.season, weather=self.weather)
        elif rng.random() < 0.75:
            self._tree_line(horizon + 0.05, 0.13)
        if self.setting == "meadow" and rng.random() < 0.4:
            land.path(canvas, horizon + 0.06, hexed("#d9c49a"))

    def _outdoors(self) -> None:
        if self._is_portrait():
            self._portrait(self._backdrop)
            return
        self._backdrop()
        if self.weather == "fog":
            sky.paint_fog(self.canvas, 0.85)
        if self.weather not in ("storm", "snow") and self.rng.random() < 0.55 and self.setting != "city":
            self._birds()
        is_close = (
            self.things and self.setting not in WIDE and self.setting == (self.wish.setting or self.setting)
        )
        is_close = is_close and len(self.things) == 1 and not self.wish.setting
        if is_close and self.things:
            soften(self.canvas, 0.012)
        self._place(is_close=bool(is_close))
        if self.setting in ("meadow", "mountains", "forest", "snowfield"):
            flowers = self.accent or hexed(
                str(self.rng.choice(["#e8657f", "#f2c63c", "#9a7ad8", "#f28a4a", "#f4f0e6"]))
            )
            is_green = self.season in ("spring", "summer")
            count = 110 if self.setting == "meadow" else 46
            land.meadow_growth(
                self.canvas,
                0.86,
                season=self.season,
                weather=self.weather,
                flowers=flowers if is_green else None,
                count=count,
            )

    def _room(self) -> None:
        if self._is_portrait():
            self._portrait(self._inside)
            return
        self._inside()
        self._stand(0.90, size_key="size", scale=0.95)

    def _inside(self) -> None:
        sky.paint_sky(self.canvas, horizon=0.7, weather=self.weather)
        land.ranges(self.canvas, 0.72, layers=2, height=0.25)
        land.hills(
            self.canvas, 0.7, 0.9, colours=land.greens(self.canvas, self.season, self.weather), layers=2
        )
        sky.paint_weather(self.canvas, self.weather)
        backdrops.room(self.canvas, 0.74)
        soften(self.canvas, 0.006)

    def _studio(self) -> None:
        if self._is_portrait():
            self._portrait(lambda: backdrops.studio(self.canvas, 0.74, self.accent))
            return
        backdrops.studio(self.canvas, 0.74, self.accent)
        self._stand(0.84, size_key="size", scale=1.12)

    def _space(self) -> None:
        backdrops.space(self.canvas)
        grounded = [one for one in self.things if SUBJECTS[one.name].where is Where.GROUND]
        if grounded:
            backdrops.moon_ground(self.canvas, 0.78)
        self._stand(0.9, size_key="size", scale=0.95)

    def _underwater(self) -> None:
        backdrops.underwater(self.canvas)
        self._stand(0.94, size_key="size", scale=0.9)
        small = SUBJECTS["fish"]
        for _ in range(int(self.rng.integers(4, 9))):
            x, y = (
                self.rng.uniform(0.05, 0.95) * self.canvas.width,
                self.rng.uniform(0.15, 0.75) * self.canvas.height,
            )
            small.draw(
                Pen(
                    self.canvas,
                    x,
                    y,
                    self.canvas.unit * self.rng.uniform(0.04, 0.09),
                    flip=self.rng.random() < 0.5,
                ),
                None,
            )

    def _is_portrait(self) -> bool:
        alone = len(self.things) == 1 and self.things[0].name == "person" and self.things[0].count == 1
        return alone and (self.wish.setting not in OUTDOORS or self.canvas.height > self.canvas.width * 1.2)

    def _portrait(self, backdrop: object) -> None:
        backdrop()  # type: ignore[operator]
        soften(self.canvas, 0.02)
        backdrops.blurred_lights(self.canvas)
        canvas = self.canvas
        size = canvas.unit * float(self.rng.uniform(0.7, 0.8))
        x = canvas.width * float(self.rng.uniform(0.44, 0.56))
        people.portrait(
            Pen(canvas, x, canvas.height - size * 0.1, size, flip=canvas.side < 0),
            self._colour(self.things[0]),
        )

    # Things

    def _has_ground_things(self) -> bool:
        return any(SUBJECTS[one.name].where is Where.GROUND for one in self.things)

    def _colour(self, thing: Thing) -> Colour | None:
        return hexed(thing.colour) if thing.colour else None

    def _place(self, *, is_close: bool) -> None:
        self._stand(
            0.9 if is_close else 0.84,
            size_key="size" if is_close else "wide",
            scale=1.0 if is_close else 1.22,
        )

    def _stand(self, floor: float, *, size_key: str, scale: float) -> None:
        """Every thing in a slot of the width; those of many stand behind each other."""
        things = self.things
        if self.setting == "forest" and any(one.name not in TREES for one in things):
            things = [one for one in things if one.name not in TREES]  # the forest is made of them
        placed = [thing for thing in things for _ in range(min(thing.count, 5))][:MOST]
        if not placed:
            return
        rng, canvas = self.rng, self.canvas
        share = scale * (1.0 if len(placed) == 1 else max(1.15 / len(placed) ** 0.55, 0.42))
        slots = (np.arange(len(placed)) + 0.5) / len(placed)
        if len(placed) == 1:
            slots = np.array(
                [
                    rng.uniform(0.42, 0.58)
                    if size_key == "size"
                    else rng.choice([0.34, 0.5, 0.66]) + rng.uniform(-0.04, 0.04)
                ]
            )
        depths = rng.uniform(0, 0.07, len(placed)) if len(placed) > 1 else np.zeros(1)
        for index in np.argsort(-depths):
            thing, subject = placed[index], SUBJECTS[placed[index].name]
            size = (
                canvas.unit
                * getattr(subject, size_key)
                * share
                * float(rng.uniform(0.94, 1.06))
                * (1 - depths[index] * 2)
            )
            x = canvas.width * (
                0.5 + (slots[index] - 0.5) * 0.92 + (rng.uniform(-0.03, 0.03) if len(placed) > 1 else 0)
            )
            y = canvas.height * self._foot(subject, floor - depths[index], size)
            pen = Pen(canvas, x, y, size, flip=bool(rng.random() < 0.5), turn=0.0)
            if subject.where is Where.WATER:
                self._mirror(pen, thing, subject)
            if thing.name in TREES and not thing.colour:
                tree_of(pen, thing.name, self.season, self.weather)
            else:
                subject.draw(pen, self._colour(thing))

    def _foot(self, subject: Subject, floor: float, size: float) -> float:
        canvas, rng = self.canvas, self.rng
        high = size / canvas.height
        if subject.where is Where.SKY:
            limit = 0.56 if self.setting in OUTDOORS else 0.74
            return float(
                min(max(rng.uniform(high * 0.9 + 0.06, limit + high * 0.3), high * 0.95 + 0.04), 0.9)
            )
        if subject.where is Where.WATER and self.setting in ("sea", "lake"):
            return float(max(self.horizon + 0.08 + rng.uniform(0.02, 0.12) + high * 0.12, 0.6))
        return floor

    def _mirror(self, pen: Pen, thing: Thing, subject: Subject) -> None:
        """Its image in the water: drawn upside down, then covered by the water in part."""
        if self.setting not in ("sea", "lake"):
            return
        before, state = self.canvas.pixels.copy(), self.rng.bit_generator.state
        upside = UpsideDown(pen.canvas, pen.x, pen.y, pen.size, flip=pen.flip)
        subject.draw(upside, self._colour(thing))
        self.rng.bit_generator.state = state  # so that it is the same thing
        self.canvas.pixels = before * 0.66 + self.canvas.pixels * 0.34

    def _tree_line(self, base: float, size: float) -> None:
        canvas, rng = self.canvas, self.rng
        kind = str(rng.choice(["tree", "pine"])) if self.season != "winter" else "pine"
        count = int(canvas.width / (canvas.unit * size) * 1.5)
        for index in range(count):
            if rng.random() < 0.25:
                continue
            x = canvas.width * (index + rng.uniform(0, 1)) / count
            pen = Pen(
                canvas,
                x,
                canvas.height * (base + rng.uniform(0, 0.02)),
                canvas.unit * size * rng.uniform(0.6, 1.15),
            )
            tree_of(pen, kind, self.season, self.weather, far=0.3)

    def _shore(self, greens: list[Colour]) -> None:
        land.hills(self.canvas, 0.78, 0.86, colours=greens[1:], layers=2)

    def _street(self, top: float) -> None:
        canvas = self.canvas
        if self.weather == "rain" or self.canvas.light.is_dark and self.rng.random() < 0.6:
            land.water(canvas, top, hexed("#3a4558"), waves=0.35 if self.weather != "rain" else 0.7)
            return
        land.hills(canvas, top, 0.95, colours=[hexed("#6a6f7a")], layers=1)
        land.path(canvas, top + 0.01, hexed("#4a4f5a"))

    def _birds(self) -> None:
        canvas, rng = self.canvas, self.rng
        x, y = rng.uniform(0.15, 0.85) * canvas.width, rng.uniform(0.1, 0.3) * canvas.height
        for _ in range(int(rng.integers(3, 8))):
            pen = Pen(
                canvas,
                x + rng.normal(0, 0.07) * canvas.width,
                y + rng.normal(0, 0.03) * canvas.height,
                canvas.unit * rng.uniform(0.012, 0.024),
            )
            flying(pen)


class UpsideDown(Pen):
    """Draws what stands in water as the water shows it."""

    def placed(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x, 2 * self.y - y) for x, y in super().placed(points)]

    def at(self, x: float, y: float, size: float = 1.0, *, flip: bool = False, turn: float = 0.0) -> Pen:
        part = Pen(self.canvas, self.x, self.y, self.size, flip=self.flip, turn=self.turn).at(
            x, y, size, flip=flip, turn=turn
        )
        mirrored = UpsideDownPart(self.canvas, part.x, part.y, part.size, flip=part.flip, turn=part.turn)
        mirrored.line = self.y
        return mirrored


class UpsideDownPart(Pen):
    line = 0.0

    def placed(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x, 2 * self.line - y) for x, y in super().placed(points)]
