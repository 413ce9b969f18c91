"""Accounts of the broker for devices, made and taken away while linli serves."""

from dataclasses import dataclass
from typing import NamedTuple

from deploy import services
from deploy.errors import Unavailable
from deploy.settings import ServiceSettings


class Given(NamedTuple):
    """What is typed into a device: its user name is its client id too, and it writes to its topics alone."""

    host: str
    port: int
    username: str
    password: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceAccounts:
    """The broker's accounts of devices; `refusal` is what is raised where they cannot be made, with one line."""

    settings: ServiceSettings
    refusal: type[Exception]

    def renew(self, name: str, topic: str) -> Given:
        """Give a device an account with a new password; whoever is connected with the one before is put out."""
        topics = (topic, f"{topic}/#")
        try:
            broker = services.find(self.settings).broker
            broker.renew(name)
            broker.grant(name, write=topics)
            username, password = broker.credentials(name)
        except (Unavailable, ValueError) as error:
            raise self.refusal(str(error)) from None
        return Given(broker.host, broker.port, username, password, (*topics, f"linli/v1/{name}/up/#"))

    def withdraw(self, name: str) -> bool:
        """Take the account of a device away; tell whether it had one."""
        try:
            return services.find(self.settings).broker.withdraw(name)
        except Unavailable as error:
            raise self.refusal(str(error)) from None
