from accounts.models import User
from tests.support.rows import Maker
from tests.support.toy.models import Note


def note(n: int, owner: User) -> Note:
    return Note.objects.create(owner=owner, text=f"茶 {n}")


MAKERS: dict[str, Maker] = {"notes.Note": note}
