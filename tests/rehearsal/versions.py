"""The versions that are shipped: the product as it is, the next one, and three that are broken.

Each is a commit in a repository of the rehearsal's own, made by the edits of one table.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.launch.world.fork import Fork, git

# What the next version writes into the column that it brings.
MARK = "by-the-next"
# The dashboard is a page that smoke walks, and nothing else that a release is checked by.
DASHBOARD = "apps/clients/dashboard.py"


@dataclass(frozen=True)
class Edit:
    """In a file, `new` in place of `old`, which must be in it."""

    path: str
    old: str
    new: str

    def make(self, root: Path) -> None:
        file = root / self.path
        text = file.read_text()
        assert self.old in text, f"{self.path} has no {self.old!r}"
        file.write_text(text.replace(self.old, self.new, 1))


@dataclass(frozen=True)
class Migration:
    """A migration of clients, after the last one that there is."""

    name: str
    operation: str

    def make(self, root: Path) -> None:
        folder = root / "apps/clients/migrations"
        last = sorted(folder.glob("0*.py"))[-1].stem
        (folder / f"{int(last[:4]) + 1:04}_{self.name}.py").write_text(
            "from django.db import migrations, models\n\n\n"
            "class Migration(migrations.Migration):\n"
            f"    dependencies = [('clients', '{last}')]\n"
            f"    operations = [{self.operation}]\n"
        )


FIRST, NEXT = "", "next"
# Three in which two commands take no time, for the many deploys that break or are cut. What these
# do has tests of its own.
FORMER, AGAIN, NEXT_AGAIN = "former", "again", "next again"
QUICK = (
    Edit(
        "manage.py",
        "import sys\n",
        "import sys\n\n"
        'if sys.argv[1] in ("launch_check", "backup"):\n'
        "    print('{\\n\"findings\": []}')\n"
        "    sys.exit()\n",
    ),
)
# Each name's edits come on top of the version it is based on.
VERSIONS: dict[str, tuple[str, tuple[Edit | Migration, ...]]] = {
    NEXT: (
        FIRST,
        (
            Edit("config/product.py", 'tagline="', 'tagline="New: '),
            Edit("static/css/app.css", "  body { ", "  body { accent-color: auto; "),
            Edit(
                "apps/clients/models.py",
                "    archived_at = ",
                '    reference = models.CharField(max_length=20, blank=True, db_default="")\n'
                "    archived_at = ",
            ),
            Edit(
                "apps/clients/models.py",
                '        """Save a new client."""\n',
                f'        """Save a new client."""\n        self.reference = "{MARK}"\n',
            ),
            Migration(
                "client_reference",
                "migrations.AddField('client', 'reference', "
                "models.CharField(max_length=20, blank=True, db_default=''))",
            ),
        ),
    ),
    FORMER: (FIRST, QUICK),
    AGAIN: (FORMER, (Edit("config/product.py", 'tagline="', 'tagline="Again: '),)),
    NEXT_AGAIN: (NEXT, QUICK),
    "broken at boot": (
        NEXT_AGAIN,
        (Edit("config/wsgi.py", "import os\n", "import os\nimport a_module_that_is_not_there\n"),),
    ),
    "broken at migration": (
        NEXT_AGAIN,
        (Migration("of_nothing", "migrations.RunSQL('SELECT 1 / 0', migrations.RunSQL.noop)"),),
    ),
    "broken at smoke": (
        NEXT_AGAIN,
        (Edit(DASHBOARD, "    tenant = request.tenant\n", "    tenant = request.nobody\n"),),
    ),
}


class Versions(Fork):
    """The repository that is shipped from; `commits` has each version's commit, "" the product's.

    Its plan says where production is; its tree stands, clean, at the product as it is.
    """

    def __init__(self, folder: Path, *, environment: str) -> None:
        super().__init__(folder)
        self.environment = environment
        self.commits: dict[str, str] = {}

    def make(self) -> None:
        super().make()
        self.plan.write_text(f"{self.plan.read_text()}\n{self.environment}")
        self.save(FIRST)
        for name, (base, edits) in VERSIONS.items():
            git(self.folder, "checkout", "--quiet", "--detach", self.commits[base])
            for edit in edits:
                edit.make(self.folder)
            self.save(name)
        git(self.folder, "checkout", "--quiet", "main")

    def save(self, name: str) -> None:
        """Commit what stands there as the version of that name."""
        self.commit(name or "The product as it is")
        self.commits[name] = git(self.folder, "rev-parse", "HEAD").strip()
