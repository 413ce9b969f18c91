"""Read the settings of all folders as one whole, from linli.toml and LINLI_*, and refuse what is not known.

A section is a pydantic model of its folder; what it is called is what it is called in the file and in
LINLI_<SECTION>__<NAME>. linli.py says which there are and hands over the environment.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError, create_model
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from deploy.errors import Unavailable

PREFIX = "LINLI_"
CONFIG = "LINLI_CONFIG"  # another place for linli.toml


def read(sections: Mapping[str, str], environment: Mapping[str, str]) -> BaseModel:
    """Give all sections (name → "module:Model"); a name unknown at any depth raises Unavailable in one line."""
    strangers = [name for name in environment if not _is_known(name, sections)]
    if strangers:
        raise Unavailable(f"unknown setting in the environment: {', '.join(sorted(strangers))}")
    config = _config(environment)
    models = {name: _model(where) for name, where in sections.items()}
    fields = {name: (model, model()) for name, model in models.items()}
    whole = create_model("Settings", __base__=_base(config), **fields)  # type: ignore[call-overload]
    try:
        found: BaseModel = whole()
    except tomllib.TOMLDecodeError as error:
        raise Unavailable(f"{config}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Unavailable(f"setting {where}: {first['msg']}") from error
    return found


def _is_known(name: str, sections: Mapping[str, str]) -> bool:
    if not name.startswith(PREFIX) or name == CONFIG:
        return True
    return name.removeprefix(PREFIX).split("__")[0].lower() in sections


def _config(environment: Mapping[str, str]) -> Path:
    given = environment.get(CONFIG)
    if given and not Path(given).is_file():
        raise Unavailable(f"no such file: {given} ({CONFIG})")
    return Path(given or "linli.toml")


def _model(where: str) -> type[BaseModel]:
    module, _, name = where.partition(":")
    found: type[BaseModel] = getattr(importlib.import_module(module), name)
    return found


def _base(config: Path) -> type[BaseSettings]:
    class Base(BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", toml_file=config
        )

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, TomlConfigSettingsSource(settings_cls)

    return Base
