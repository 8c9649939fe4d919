"""Makes given.txt and surname.txt from the `faker` package on PyPI (MIT): `pip install faker==40.54.0 && python make.py`.

One folded name a line, sorted. Folding is what `fold` in ../person.rs does to a value: lower case, Latin letters
without their marks. At most PER_LOCALE names of each kind from each locale, the most frequent first where the
package knows frequencies. Words that are first of all something else (months, places, colours, ...) stay out.
"""

import importlib
import pkgutil
import unicodedata
from pathlib import Path

import faker.providers.person as person

PER_LOCALE = 420
# Words of ordinary columns (titles, products, places, plans) that happen to be somebody's name.
NOT_NAMES = set(
    """abu ada africa al alpha america an asia august autumn ball band bank bar baron bass berlin best beta better big
    bin blue boston brass bridge brook carolina carpenter case cash chad chance chief china christmas church clay
    clerk cold con crown crystal da dakota dallas dart das data de delta den denver der di diamond dime do dollar
    dos draper drummer duke dusty earl east el elm energy europe farmer fast fern field fields first forest franc
    free gamma gardener gate general georgia ginger gold golden good great grey haskell heath home horn house
    houston in india iron israel ivy jordan kenya key keys knight la lake large last law le light link little lock
    london lyon mac madrid main major master media metal milan mini minor misty mobile monday montana music myrtle
    net nevada new nickel night nova old olive omega on orleans page paris park penny perl phoenix piper player pope
    poppy pound power price prince pro queen rain read reading red river rock rocky rome rosemary rusty scala second
    sergeant shop short sigma silver singer sky small so south star steel store storm stormy street summer sunday
    sunny swift temple to van vega venice vienna virginia von wall warm way web wise york""".split()
)


def fold(name):
    plain = unicodedata.normalize("NFD", name.lower())
    out = "".join(c for c in plain if not (unicodedata.category(c) == "Mn" and ord(c) < 0x370))
    out = unicodedata.normalize("NFC", out)
    for a, b in [("ø", "o"), ("ł", "l"), ("đ", "d"), ("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("ı", "i"), ("þ", "th"), ("ð", "d"), ("’", "'")]:
        out = out.replace(a, b)
    return out


def names(provider, prefixes):
    found = {}
    for prefix in prefixes:
        for attribute in dir(provider):
            if attribute.startswith(prefix) and "romanized" not in attribute and "prefix" not in attribute:
                value = getattr(provider, attribute)
                if callable(value) or isinstance(value, property):
                    continue
                weights = value.items() if isinstance(value, dict) else [(n, 0) for n in value]
                for name, weight in weights:
                    if isinstance(name, str):
                        found[name] = max(found.get(name, 0), weight if isinstance(weight, (int, float)) else 0)
    ranked = sorted(found, key=lambda n: -found[n])
    # Evenly over an alphabetical list, the most frequent of a weighted one.
    if any(found.values()):
        return ranked[: PER_LOCALE * 2]
    step = max(1, len(ranked) / PER_LOCALE)
    return [ranked[int(i * step)] for i in range(min(PER_LOCALE, len(ranked)))]


def main():
    given, surname = set(), set()
    for module in pkgutil.iter_modules(person.__path__):
        try:
            provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        except (ImportError, AttributeError):
            continue
        for target, prefixes in ((given, ["first_names"]), (surname, ["last_names", "unisex_last_names"])):
            for name in names(provider, prefixes):
                for part in fold(name).replace("-", " ").split():
                    part = part.strip(".'")
                    short = len(part) < (3 if part.isascii() else 1)
                    if not short and len(part) <= 20 and part not in NOT_NAMES and not any(c.isdigit() or c in "()[]/.," for c in part):
                        target.add(part)
    for file, part in (("given.txt", given), ("surname.txt", surname)):
        Path(__file__).with_name(file).write_text("\n".join(sorted(part)) + "\n", encoding="utf-8")
        print(file, len(part))


main()
