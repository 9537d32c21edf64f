"""The kinds of word problems in the playground's world: places, journeys and work."""

from __future__ import annotations

from models.playground.story import Story


def bus(s: Story) -> None:
    """People get on and off at two to three stops."""
    x = s.num(10, 60)
    s.say(f"A bus starts with {x} people.", f"There are {x} people on a bus.")
    for place in ("school", "station", "bridge")[: s.num(2, 3)]:
        off, on = s.num(2, max(2, x - 2)), s.num(2, 30)
        s.say(
            f"At the {place} {off} people get off and {on} get on.",
            f"At the {place} {off} people leave and {on} people enter.",
        )
        x = s.step(x, "-", off, f"At the {place} {{}} people stay.", "After some leave {} stay.")
        x = s.step(
            x,
            "+",
            on,
            f"After the {place} the bus has {{}} people.",
            "Then {} people are on the bus.",
        )
    s.ask("How many people are on the bus now?", "How many people does the bus carry at last?")


def reading(s: Story) -> None:
    """Pages read for some days, and the days needed for the rest."""
    name, he = s.person()
    per, days, more, rest = s.num(6, 25), s.num(3, 9), s.num(5, 15), s.num(3, 9)
    total = per * days + more * rest
    s.say(f"A book has {total} pages.", f"{name} reads a book of {total} pages.")
    s.say(
        f"{name} reads {per} pages a day for {days} days.",
        f"For {days} days {he} reads {per} pages each day.",
    )
    x = s.step(per, "*", days, f"{name} reads {{}} pages.", "The first days bring {} pages.")
    y = s.step(total, "-", x, "The rest is {} pages.", "So {} pages are left.")
    if s.maybe(0.7):
        s.say(
            f"Then {he} reads {more} pages a day.", f"From then on {he} reads {more} pages daily."
        )
        s.step(y, "/", more, "The rest takes {} days.", f"{name} needs {{}} more days.")
        s.ask("How many more days does the book take?", f"In how many more days is {name} done?")
    else:
        s.ask("How many pages are left?", f"How many pages must {name} still read?")


def ages(s: Story) -> None:
    """Ages by multiples and differences, then the sum some years on."""
    (a, _), (b, _), (c, _) = s.person(), s.person(), s.person()
    n, k, older = s.num(4, 18), s.num(2, 4), s.num(2, 15)
    s.say(f"{a} is {n} years old.", f"The age of {a} is {n} years.")
    s.say(f"{b} is {k} times as old as {a}.", f"The age of {b} is {k} times that of {a}.")
    s.say(f"{c} is {older} years older than {b}.", f"{c} has lived {older} years more than {b}.")
    y = s.step(n, "*", k, f"{b} is {{}} years old.", f"The age of {b} is {{}} years.")
    z = s.step(y, "+", older, f"{c} is {{}} years old.", f"The age of {c} is {{}} years.")
    form = s.num(1, 3)
    if form == 1:
        s.step(z, "-", n, "The difference is {} years.", f"{c} is {{}} years ahead of {a}.")
        s.ask(
            f"How many years older is {c} than {a}?", f"By how many years is {a} younger than {c}?"
        )
    elif form == 2:
        w = s.step(
            n, "+", y, f"{a} and {b} are {{}} years together.", "The first two make {} years."
        )
        s.step(w, "+", z, "All three are {} years together.", "The three ages make {} years.")
        s.ask("How old are all three together?", "What is the sum of the three ages?")
    else:
        later = s.num(2, 20)
        s.step(z, "+", later, f"Later {c} is {{}} years old.", f"Then {c} is {{}} years old.")
        s.ask(f"How old is {c} in {later} years?", f"What is the age of {c} after {later} years?")


def farm(s: Story) -> None:
    """Legs of two kinds of animals, and of those that leave."""
    four, two = s.pick("cows", "sheep", "goats", "pigs"), s.pick("ducks", "hens", "geese")
    n, m, gone = s.num(3, 30), s.num(3, 40), s.num(2, 25)
    s.say(f"On a farm there are {n} {four} and {m} {two}.", f"A farm has {n} {four} and {m} {two}.")
    if gone < n:
        s.say(f"{gone} of the {four} are sold.", f"The farmer sells {gone} {four}.")
        n = s.step(n, "-", gone, f"There remain {{}} {four}.", f"So {{}} {four} stay.")
    s.say(f"Each of the {four} has 4 legs.", f"All the {four} have 4 legs each.")
    s.say(f"Each of the {two} has 2 legs.", f"All the {two} have 2 legs each.")
    x = s.step(n, "*", 4, f"The {four} have {{}} legs.", f"The legs of the {four} are {{}}.")
    y = s.step(m, "*", 2, f"The {two} have {{}} legs.", f"The legs of the {two} are {{}}.")
    s.step(x, "+", y, "Together there are {} legs.", "In total this is {} legs.")
    s.ask("How many legs are there on the farm?", "How many legs do the animals have in all?")


def factory(s: Story) -> None:
    """Output per hour, breakage, and boxes to pack the rest."""
    thing = s.thing()
    hours, size, boxes = s.num(3, 9), s.num(3, 12), s.num(3, 25)
    per = s.num(6, 50)
    made = per * hours
    bad = made - size * boxes
    if bad < 2 or bad > 40:
        bad, size, boxes = made % size, size, made // size
    s.say(
        f"A factory makes {per} {thing} an hour.", f"In a factory {per} {thing} are made each hour."
    )
    s.say(f"It runs for {hours} hours.", f"The machine works {hours} hours.")
    x = s.step(
        per, "*", hours, f"The factory makes {{}} {thing}.", f"In that time {{}} {thing} appear."
    )
    if bad:
        s.say(f"{bad} {thing} are bad.", f"Of these {bad} are thrown away.")
        x = s.step(x, "-", bad, f"There are {{}} good {thing}.", f"So {{}} {thing} can be used.")
    s.say(f"A box takes {size} {thing}.", f"They are packed {size} in a box.")
    s.step(x, "/", size, "They fill {} boxes.", "This makes {} boxes.")
    s.ask("How many boxes are filled?", "How many boxes can be packed?")


def garden(s: Story) -> None:
    """Rows of plants of two kinds; some die, or each bears fruit."""
    name, _ = s.person()
    a, b, c, d = s.num(3, 12), s.num(4, 15), s.num(2, 10), s.num(3, 12)
    one, two = s.pick("roses", "beans", "onions"), s.pick("tulips", "carrots", "peas")
    s.say(
        f"{name} plants {a} rows of {b} {one}.",
        f"In a garden {name} has {a} rows with {b} {one} each.",
    )
    s.say(
        f"There are also {c} rows of {d} {two}.", f"Beside them are {c} rows with {d} {two} each."
    )
    x = s.step(a, "*", b, f"There are {{}} {one}.", f"The rows have {{}} {one}.")
    y = s.step(c, "*", d, f"There are {{}} {two}.", f"The rows have {{}} {two}.")
    if s.maybe():
        z = s.step(x, "+", y, "The garden has {} plants.", "Together there are {} plants.")
        dead = s.num(2, min(40, z - 2))
        s.say(f"{dead} plants die.", f"In a storm {dead} plants are lost.")
        s.step(z, "-", dead, "In the end {} plants live.", "So {} plants are left.")
        s.ask("How many plants are left?", "How many plants live in the end?")
    elif x > y:
        s.step(x, "-", y, f"There are {{}} more {one}.", "The difference is {}.")
        s.ask(
            f"How many more {one} than {two} are there?",
            f"By how many are there more {one} than {two}?",
        )
    else:
        s.step(x, "+", y, "The garden has {} plants.", "Together there are {} plants.")
        s.ask("How many plants are in the garden?", f"How many plants does {name} have?")


def fence(s: Story) -> None:
    """The fence around a field: perimeter, gate, cost."""
    (name, _), long, wide, price = s.person(), s.num(5, 40), s.num(3, 30), s.num(2, 9)
    s.say(
        f"A field is {long} meters long and {wide} meters wide.",
        f"{name} has a field of {long} by {wide} meters.",
    )
    x = s.step(
        long, "+", wide, "One long and one short side make {} meters.", "Two sides make {} meters."
    )
    x = s.step(x, "*", 2, "All around it is {} meters.", "The whole way around is {} meters.")
    if s.maybe():
        gate = s.num(2, 6)
        s.say(
            f"A gate of {gate} meters needs no fence.", f"{gate} meters are left open for a gate."
        )
        x = s.step(x, "-", gate, "Without the gate it is {} meters.", "The fence has {} meters.")
    s.say(f"A meter of fence costs {price} dollars.", f"The fence costs {price} dollars per meter.")
    if s.maybe(0.7):
        s.step(x, "*", price, "The fence costs {} dollars.", "This costs {} dollars.")
        s.ask("How much does the fence cost?", f"How many dollars does {name} pay for the fence?")
    else:
        s.ask("How many meters of fence are needed?", f"How many meters of fence does {name} need?")


def journey(s: Story) -> None:
    """Two legs at two speeds, and what remains of the way."""
    (name, he), v, t, w, u = s.person(), s.num(10, 45), s.num(2, 5), s.num(4, 20), s.num(2, 5)
    s.say(
        f"{name} drives {t} hours at {v} miles an hour.",
        f"For {t} hours {name} drives {v} miles an hour.",
    )
    s.say(
        f"Then {he} cycles {u} hours at {w} miles an hour.",
        f"For {u} hours {he} cycles {w} miles an hour.",
    )
    x = s.step(v, "*", t, f"{name} drives {{}} miles.", "By car it is {} miles.")
    y = s.step(w, "*", u, f"{name} cycles {{}} miles.", "By bicycle it is {} miles.")
    if s.maybe(0.6):
        z = s.step(x, "+", y, f"In total {name} travels {{}} miles.", "Both ways make {} miles.")
        total = z + s.num(4, 80)
        s.say(f"The whole trip is {total} miles.", f"The goal is {total} miles away.")
        s.step(total, "-", z, "So {} miles remain.", "The rest is {} miles.")
        s.ask("How many miles remain?", f"How many miles must {name} still travel?")
    else:
        s.step(x, "-", y, "By car it is {} miles more.", "The difference is {} miles.")
        s.ask(
            "How many miles more is it by car?",
            f"How many more miles does {name} drive than cycle?",
        )


def school(s: Story) -> None:
    """Classes into groups; each group gets material."""
    size, groups, each = s.num(3, 8), s.num(4, 14), s.num(2, 12)
    boys, thing = s.num(3, size * groups - 3), s.thing()
    s.say(
        f"{boys} boys and {size * groups - boys} girls go to a school.",
        f"In a school there are {boys} boys and {size * groups - boys} girls.",
    )
    s.say(f"They form groups of {size}.", f"Each group has {size} children.")
    s.say(f"Every group gets {each} {thing}.", f"A group needs {each} {thing}.")
    x = s.step(
        boys, "+", size * groups - boys, "There are {} children.", "The school has {} children."
    )
    x = s.step(x, "/", size, "They form {} groups.", "This makes {} groups.")
    x = s.step(x, "*", each, f"The groups get {{}} {thing}.", f"All groups need {{}} {thing}.")
    if s.maybe():
        have = s.num(2, max(2, x - 2))
        s.say(f"The school has {have} {thing}.", f"There are {have} {thing} in a box.")
        s.step(x, "-", have, f"So {{}} {thing} are missing.", f"The school must buy {{}} {thing}.")
        s.ask(f"How many {thing} must be bought?", f"How many {thing} are missing?")
    else:
        s.ask(f"How many {thing} are needed?", f"How many {thing} do all groups get?")


def tank(s: Story) -> None:
    """A tank filled and emptied."""
    start, rate, minutes, leak = s.num(5, 90), s.num(4, 25), s.num(3, 12), s.num(2, 60)
    s.say(f"A tank holds {start} liters of water.", f"There are {start} liters of water in a tank.")
    s.say(
        f"A pipe adds {rate} liters a minute for {minutes} minutes.",
        f"For {minutes} minutes {rate} liters a minute flow in.",
    )
    x = s.step(rate, "*", minutes, "The pipe adds {} liters.", "So {} liters flow in.")
    y = s.step(start, "+", x, "Then the tank holds {} liters.", "This makes {} liters.")
    s.say(f"Then {leak} liters are used.", f"{leak} liters leak out.")
    z = s.step(y, "-", leak, "After that {} liters are left.", "So {} liters remain.")
    if s.maybe() and (parts := [k for k in range(2, 10) if z % k == 0]):
        k = s.rng.choice(parts)
        s.say(f"The rest is put in {k} equal cans.", f"{k} equal cans take all that is left.")
        s.step(z, "/", k, "Each can takes {} liters.", "One can holds {} liters.")
        s.ask("How many liters are in each can?", "How many liters does one can hold?")
    else:
        s.ask("How many liters are left?", "How much water is in the tank at last?")


def library(s: Story) -> None:
    """Shelves of books, lent and returned."""
    a, b, lent, back = s.num(4, 14), s.num(8, 28), s.num(5, 60), s.num(3, 40)
    s.say(
        f"A library has {a} shelves with {b} books each.",
        f"In a library {a} shelves hold {b} books each.",
    )
    x = s.step(a, "*", b, "The library has {} books.", "The shelves hold {} books.")
    s.say(f"{lent} books are lent.", f"On Monday people borrow {lent} books.")
    x = s.step(x, "-", lent, "After that {} books are there.", "So {} books stay.")
    s.say(f"{back} books come back.", f"On Friday {back} books are returned.")
    x = s.step(x, "+", back, "With the returned ones it is {} books.", "Then there are {} books.")
    if s.maybe():
        new = s.num(5, 50)
        s.say(f"The library buys {new} new books.", f"{new} new books arrive.")
        s.step(x, "+", new, "With the new ones it is {} books.", "At last there are {} books.")
    s.ask("How many books are in the library now?", "How many books does the library have at last?")


def rope(s: Story) -> None:
    """A rope cut in pieces of two lengths."""
    name, he = s.person()
    a, b, c, d, rest = s.num(2, 9), s.num(3, 14), s.num(2, 9), s.num(3, 14), s.num(2, 60)
    total = a * b + c * d + rest
    s.say(f"{name} has a rope of {total} meters.", f"A rope of {name} is {total} meters long.")
    s.say(
        f"{he.capitalize()} cuts off {a} pieces of {b} meters.",
        f"First {he} cuts {a} pieces of {b} meters each.",
    )
    s.say(
        f"Then {he} cuts off {c} pieces of {d} meters.",
        f"Then {he} cuts {c} pieces of {d} meters each.",
    )
    x = s.step(a, "*", b, "The first pieces take {} meters.", "First {} meters are cut off.")
    y = s.step(total, "-", x, "Then {} meters are left.", "The rope still has {} meters.")
    z = s.step(c, "*", d, "The next pieces take {} meters.", "Then {} meters are cut off.")
    w = s.step(y, "-", z, "In the end {} meters are left.", "The rest is {} meters.")
    if s.maybe():
        e = s.num(2, max(2, w - 2))
        s.say(f"At last {he} gives away {e} meters.", f"At last {e} meters are burnt.")
        s.step(w, "-", e, "So only {} meters remain.", f"{name} keeps {{}} meters.")
    s.ask("How many meters of rope are left?", "How long is the rest of the rope in meters?")


def training(s: Story) -> None:
    """A distance that grows each day, summed over three days."""
    (name, he), first, more = s.person(), s.num(3, 40), s.num(2, 15)
    s.say(f"On Monday {name} runs {first} miles.", f"{name} runs {first} miles on the first day.")
    s.say(
        f"Each day {he} runs {more} miles more than the day before.",
        f"Every day {he} adds {more} miles.",
    )
    x = s.step(
        first,
        "+",
        more,
        "On the second day it is {} miles.",
        f"The next day {name} runs {{}} miles.",
    )
    y = s.step(
        x, "+", more, "On the third day it is {} miles.", f"On day three {name} runs {{}} miles."
    )
    z = s.step(
        first, "+", x, "The first two days make {} miles.", f"In two days {name} runs {{}} miles."
    )
    s.step(z, "+", y, "All three days make {} miles.", f"In three days {name} runs {{}} miles.")
    s.ask(
        f"How many miles does {name} run in three days?",
        "How many miles are the three days together?",
    )


def average(s: Story) -> None:
    """The mean of three scores, and the distance to a goal."""
    (name, _), mean, a, b = s.person(), s.num(10, 90), s.num(5, 95), s.num(5, 95)
    c = 3 * mean - a - b
    if not 2 <= c <= 99:
        c = (3 - (a + b) % 3) + 3 * s.num(2, 30)
    s.say(
        f"{name} scores {a}, {b} and {c} points in three games.",
        f"In three games {name} makes {a}, {b} and {c} points.",
    )
    x = s.step(a, "+", b, "The first two games bring {} points.", "Two games make {} points.")
    y = s.step(x, "+", c, "All three games bring {} points.", "Three games make {} points.")
    z = s.step(y, "/", 3, "The mean is {} points.", "Per game this is {} points.")
    if s.maybe():
        goal = z + s.num(2, 30)
        s.say(
            f"The record is a mean of {goal} points.",
            f"The best player has a mean of {goal} points.",
        )
        s.step(goal, "-", z, f"{name} is {{}} points below.", "The distance is {} points.")
        s.ask(
            f"By how many points is the mean of {name} lower?",
            f"How many points is the mean of {name} below that?",
        )
    else:
        s.ask(f"What is the mean of {name}?", f"How many points does {name} make per game?")


MORE_TEMPLATES = (
    bus, reading, ages, farm, factory, garden, fence, journey, school, tank, library, rope,
    training, average,
)  # fmt: skip
