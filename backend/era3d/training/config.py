# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a training run is, as dataclasses read from a TOML file."""

import dataclasses
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from era3d.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class DrawConfig:
    """One drawing of every object: how it is turned and stretched, and how photographed.

    Attributes
    ----------
    yaws : tuple of float
        Degrees, one of which is chosen for each object.
    stretch : float
        Standard deviation of the logarithm of the scale along each axis.
    photos : int
        Photos per object.
    elevation_degrees : (float, float)
        Range of the photos' elevation.
    lenses_mm : tuple of float
        Lenses, besides an orthographic one.
    unlit : float
        Share of photos without shading.
    share : float
        How often the drawing is used, relative to the others.
    seed : int
        Makes drawings of otherwise equal settings different.
    """

    yaws: tuple[float, ...] = (0.0,)
    stretch: float = 0.0
    photos: int = 6
    elevation_degrees: tuple[float, float] = (-10.0, 30.0)
    lenses_mm: tuple[float, ...] = (35.0, 50.0, 85.0, 105.0, 135.0)
    unlit: float = 0.15
    share: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class PhotoConfig:
    """Photos without views, from which the camera alone is learned.

    Attributes
    ----------
    count : int
        How many.
    yaws : tuple of float
        Degrees by one of which each object is turned; none: by any.
    stretch : float
        Standard deviation of the logarithm of the scale along each axis, anew for every photo.
    company : float
        Share of the photos in which other objects stand beside the object or on it.
    elevation_degrees, lenses_mm, unlit, seed
        See `DrawConfig`.
    """

    count: int
    yaws: tuple[float, ...] = ()
    stretch: float = 0.25
    company: float = 0.5
    elevation_degrees: tuple[float, float] = (-20.0, 40.0)
    lenses_mm: tuple[float, ...] = (35.0, 50.0, 85.0, 105.0, 135.0)
    unlit: float = 0.15
    seed: int = 0


@dataclass(frozen=True)
class DataConfig:
    """Which meshes are drawn and photographed, and which are kept out of training."""

    draws: tuple[DrawConfig, ...] = (DrawConfig(),)
    sight: tuple[PhotoConfig, ...] = ()
    validation_packs: tuple[str, ...] = ()
    seen_fraction: float = 0.04
    recolor: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the network, of the image encoder and of the codec's patches."""

    image_size: int = 64
    patch: int = 16
    widths: tuple[int, ...] = (160,)
    attention: tuple[bool, ...] = (True,)
    head_size: int = 32
    layers: int = 1
    norm_groups: int = 32
    prompt_words: int = 4
    prompt_width: int = 64
    embedding: int = 128
    encoder_width: int = 128
    encoder_layers: int = 3
    encoder_patch: int = 8
    regressor_width: int = 64
    regressor_layers: int = 1


@dataclass(frozen=True)
class ScheduleConfig:
    """Learning rate as a function of samples seen: a ramp, a plateau, a straight line to zero.

    The plateau can be lengthened or cut short between two runs: the rate depends on nothing else.
    """

    warmup: int = 2000
    total: int = 40000
    decay: int = 10000

    def factor(self, samples: int) -> float:
        """Share of the learning rate after so many samples."""
        rising = (samples + 1) / max(self.warmup, 1)
        falling = (self.total - samples) / max(self.decay, 1)
        return max(min(1.0, rising, falling), 0.0)


@dataclass(frozen=True)
class TrainConfig:
    """A training run.

    Attributes
    ----------
    start : str
        Folder of the model to go on from, or of Stable Diffusion 2.1 unCLIP to turn into Era3D's
        network; empty: a new model by `model`. Relative to the configuration's folder.
    encoder : str
        Folder of a model whose image encoder takes the place of the start's; empty: its own stays.
    task : str
        ``views``, or ``camera``: then the image encoder alone learns, to tell the camera of a
        photo, and a sample is a photo.
    freeze : tuple of str
        Which of ``image_encoder`` and ``prompts`` stay as they are.
    batch, accumulate : int
        Objects per pass of one device, each twelve images; passes before each step.
    matrix_lr, lr : float
        Of the matrices (see `era3d.training.optimizer`), and of AdamW for all else; with a
        `matrix_lr` of 0 AdamW is for everything.
    weight_decay, clip, pose_clip, ema : float
        Of the usual meaning; ``pose_clip`` is for the camera regressors alone.
    prediction : str
        ``sample`` (the clean latents) or ``v_prediction``.
    min_snr : float
        Bound of the signal-to-noise ratio by which a timestep's error is weighted; 0: no weights.
    pose_weight, silhouette_weight : float
        Of the camera error, and of what lies inside the silhouette relative to what does not.
    sight_weight : float
        Of the error of a camera that is read from the image embedding alone, so that an encoder
        that is trained along learns to see it; 0 for one that already does.
    sight_photos : int
        Further photos of a batch, of which only the camera is asked: they cost the encoder only.
    pose_photos : int
        Of these, how many the camera regressors learn from as well: half a pass of the network.
    last_share : float
        Share of the samples at the last timestep, where there is nothing but noise.
    drop, drop_embedding, drop_latents : float
        Share of the objects whose photo is withheld whole, from the image embedding only, and from
        the latents only.
    threads : int
        Of a process on the CPU.
    precision : str
        ``no`` (float32), ``bf16`` or ``fp16``; weights and optimisers are float32.
    checkpointing : bool
        Compute activations again in the backward pass rather than keep them.
    save_seconds : float
        Between two checkpoints.
    look_every : int
        Samples between two looks at objects that are not trained on (0: never): pictures of some
        and figures of all, for TensorBoard and ``log.jsonl``.
    """

    start: str = ""
    encoder: str = ""
    task: str = "views"
    freeze: tuple[str, ...] = ()
    batch: int = 8
    accumulate: int = 1
    matrix_lr: float = 1e-3
    lr: float = 4e-4
    weight_decay: float = 0.01
    clip: float = 1.0
    pose_clip: float = 0.2
    ema: float = 0.998
    prediction: str = "sample"
    min_snr: float = 0.0
    pose_weight: float = 0.05
    sight_weight: float = 0.0
    sight_photos: int = 0
    pose_photos: int = 0
    silhouette_weight: float = 2.0
    last_share: float = 0.8
    drop: float = 0.05
    drop_embedding: float = 0.0
    drop_latents: float = 0.0
    threads: int = 2
    precision: str = "bf16"
    checkpointing: bool = False
    save_seconds: float = 180.0
    look_every: int = 0
    seed: int = 0
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)

    def __post_init__(self) -> None:
        for name, value, known in (
            ("task", self.task, ("views", "camera")),
            ("prediction", self.prediction, ("sample", "v_prediction")),
            ("precision", self.precision, ("no", "bf16", "fp16")),
            *(("freeze", part, ("image_encoder", "prompts")) for part in self.freeze),
        ):
            if value not in known:
                raise InputError(f"{name} cannot be '{value}': use one of {', '.join(known)}.")
        if self.pose_photos > self.sight_photos:
            raise InputError(
                "pose_photos are taken from the sight_photos: "
                f"ask for at most {self.sight_photos}, not {self.pose_photos}."
            )
        if (self.task == "camera" or self.sight_photos) and not self.data.sight:
            raise InputError(
                "There are no photos to learn the camera from: add a table [[data.sight]]."
            )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file; names that are not fields are an error.

        Raises
        ------
        InputError
            If the file is missing, is not TOML, or holds an unknown name.
        """
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"There is no training configuration '{path}'.") from None
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"'{path}' is not valid TOML: {error}.") from None
        return cls.from_dict(content, str(path))

    @classmethod
    def from_dict(cls, content: dict[str, Any], where: str) -> Self:
        """Settings as a table holds them; `where` is named in errors."""
        return _build(cls, content, where)

    def fingerprint(self) -> str:
        """Changes with whatever would make an old checkpoint meaningless."""
        model, data = dataclasses.asdict(self.model), dataclasses.asdict(self.data)
        told = {"task": self.task, "model": model, "data": data}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def data_from_dict(content: dict[str, Any], where: str) -> DataConfig:
    """Data settings as a model's note holds them; `where` is named in errors."""
    return _build(DataConfig, content, where)


def _build(kind: type[T], content: dict[str, Any], where: str) -> T:
    """Make a dataclass of a table, and those within it of its tables."""
    known = {f.name: f.type for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = set(content) - set(known)
    if unknown:
        raise InputError(f"'{min(unknown)}' in {where} means nothing: remove or correct it.")
    values = {name: _value(name, value, where) for name, value in content.items()}
    return kind(**values)


def _value(name: str, value: Any, where: str) -> Any:
    parts = {"data": DataConfig, "model": ModelConfig, "schedule": ScheduleConfig}
    if name in parts:
        return _build(parts[name], value, where)
    lists = {"draws": DrawConfig, "sight": PhotoConfig}
    if name in lists:
        return tuple(_build(lists[name], item, where) for item in value)
    return tuple(value) if isinstance(value, list) else value
