"""Contracts for import-linter that read the packages from `root_packages`, so that an app is listed once."""

from typing import Any

from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain import fields

Options = dict[str, Any]


class AppLayersContract(LayersContract):
    """`layers` inside each root package but `no_apps`."""

    type_name = "app_layers"
    no_apps = fields.SetField(subfield=fields.StringField())

    def __init__(self, name: str, session_options: Options, contract_options: Options) -> None:
        apps = set(session_options["root_packages"]) - set(contract_options["no_apps"])
        super().__init__(name, session_options, {**contract_options, "containers": sorted(apps)})


class NoCyclesContract(AcyclicSiblingsContract):
    """`acyclic_siblings` inside each root package."""

    type_name = "no_cycles"

    def __init__(self, name: str, session_options: Options, contract_options: Options) -> None:
        ancestors = session_options["root_packages"]
        super().__init__(name, session_options, {**contract_options, "ancestors": ancestors})
