"""The kinds of word problems in the playground's world: parts, rates, units and unknowns."""

from __future__ import annotations

from models.playground.story import FRIENDS, DoesNotWorkOutError, Story

PARTS = {3: ("third", "thirds"), 4: ("quarter", "quarters"), 5: ("fifth", "fifths")}
NUMBERS = ("no", "one", "two", "three", "four")


def class_part(s: Story) -> None:
    """A fraction of a whole, and what is left of it."""
    k = s.num(3, 5)
    m, n = s.num(2, k - 1), k * s.num(3, 40)
    part = f"{NUMBERS[m]} {PARTS[k][1]}"
    what = s.pick("play chess", "like tea", "come by bus", "learn music", "sing in a choir")
    s.say(f"A school has {n} children.", f"There are {n} children in a school.")
    s.say(f"Of them {part} {what}.", f"{part.capitalize()} of the children {what}.")
    x = s.step(n, "/", k, f"One {PARTS[k][0]} is {{}} children.", "One part is {} children.")
    y = s.step(x, "*", m, f"So {{}} children {what}.", "These parts make {} children.")
    if s.maybe(0.6):
        z = s.step(n, "-", y, "The others are {} children.", "So {} children do not.")
        if s.maybe(0.4):
            late = s.num(2, max(2, z - 2))
            s.say(f"Of the others {late} are ill.", f"Of those who do not, {late} stay at home.")
            s.step(z, "-", late, "Of these {} remain.", "After that {} children are left.")
            s.ask("How many of the others are left?", "How many of those who do not remain?")
        else:
            s.ask(f"How many children do not {what}?", f"How many do not {what}?")
    else:
        s.ask(f"How many children {what}?", f"How many of them {what}?")


def sale(s: Story) -> None:
    """A price with some percent off, bought several times."""
    (name, he), thing = s.person(), s.pick("lamp", "chair", "coat", "bag", "clock", "shirt")
    percent, k = s.rng.choice(((10, 10), (20, 5), (25, 4), (50, 2)))
    price, n = k * s.num(2, 36), s.num(2, 6)
    s.say(f"A {thing} costs {price} dollars.", f"The price of a {thing} is {price} dollars.")
    s.say(f"In a sale it is {percent}% cheaper.", f"The shop takes {percent}% off the price.")
    x = s.step(price, "/", k, "The discount is {} dollars.", "This takes off {} dollars.")
    y = s.step(price, "-", x, f"The {thing} now costs {{}} dollars.", "The new price is {}.")
    if s.maybe(0.6):
        s.say(f"{name} buys {n} of them.", f"In the sale {name} takes {n} of them.")
        z = s.step(y, "*", n, "All of them cost {} dollars.", f"{name} pays {{}} dollars.")
        if s.maybe():
            purse = z + s.num(3, 60)
            s.say(f"{name} had {purse} dollars.", f"Before that {he} had {purse} dollars.")
            s.step(purse, "-", z, f"{name} keeps {{}} dollars.", "After that {} dollars are left.")
            s.ask("How many dollars are left?", f"How much money does {name} keep?")
        else:
            s.ask(f"How many dollars does {name} pay?", f"How much does {name} spend?")
    else:
        s.ask(f"How much does the {thing} cost now?", f"What is the price of the {thing} now?")


def town(s: Story) -> None:
    """A number that grows by some tens of percent."""
    ten, n = s.num(1, 9), 10 * s.num(2, 24)
    place = s.pick("village", "club", "choir", "school")
    s.say(f"A {place} had {n} people.", f"Last year {n} people were in a {place}.")
    s.say(f"Their number grew by {10 * ten}%.", f"This year there are {10 * ten}% more.")
    x = s.step(n, "/", 10, "Ten percent are {} people.", "One tenth is {} people.")
    if ten > 1:
        x = s.step(x, "*", ten, "The growth is {} people.", "So {} people are new.")
    y = s.step(n, "+", x, f"The {place} now has {{}} people.", "Now there are {} people.")
    if s.maybe():
        gone = s.num(2, max(2, min(60, y - 2)))
        s.say(f"Then {gone} people left.", f"After that {gone} people moved away.")
        s.step(y, "-", gone, f"The {place} keeps {{}} people.", "So {} people stay.")
    s.ask(f"How many people are in the {place} now?", f"How many people has the {place} at last?")


def two_sums(s: Story) -> None:
    """Two unknowns by their sum and difference."""
    (a, _), (b, _), thing = s.person(), s.person(), s.thing()
    small, diff = s.num(4, 90), s.num(2, 60)
    total = 2 * small + diff
    s.say(
        f"{a} and {b} have {total} {thing} together.", f"Together {a} and {b} own {total} {thing}."
    )
    s.say(f"{a} has {diff} more than {b}.", f"{b} has {diff} fewer than {a}.")
    x = s.step(
        total, "-", diff, "Without the difference it is {}.", "Twice the smaller number is {}."
    )
    y = s.step(x, "/", 2, f"{b} has {{}} {thing}.", f"So {b} owns {{}} {thing}.")
    form = s.num(1, 3)
    if form == 1:
        s.ask(f"How many {thing} does {b} have?", f"How many {thing} has {b}?")
    else:
        z = s.step(y, "+", diff, f"{a} has {{}} {thing}.", f"So {a} owns {{}} {thing}.")
        if form == 2:
            s.ask(f"How many {thing} does {a} have?", f"How many {thing} has {a}?")
        else:
            k = s.num(2, 5)
            s.say(
                f"Each of the {thing} of {a} is worth {k} dollars.",
                f"{a} sells all for {k} dollars each.",
            )
            s.step(z, "*", k, f"{a} gets {{}} dollars.", "They are worth {} dollars.")
            s.ask(
                f"How many dollars does {a} get for them?",
                f"How much are the {thing} of {a} worth?",
            )


def birthday(s: Story) -> None:
    """An age from what will be in some years."""
    (a, _), (b, _) = s.person(), s.person()
    n, later, k = s.num(3, 30), s.num(2, 15), s.num(2, 4)
    s.say(f"{b} is {n} years old.", f"The age of {b} is {n} years.")
    s.say(
        f"In {later} years {a} will be {k} times as old as {b}.",
        f"After {later} years the age of {a} will be {k} times that of {b}.",
    )
    x = s.step(n, "+", later, f"Then {b} will be {{}} years old.", f"{b} will be {{}} years old.")
    y = s.step(x, "*", k, f"Then {a} will be {{}} years old.", f"{a} will be {{}} years old.")
    z = s.step(y, "-", later, f"Today {a} is {{}} years old.", f"Now {a} is {{}} years old.")
    if s.maybe(0.4):
        s.step(z, "-", n, "The difference is {} years.", f"{a} is {{}} years ahead of {b}.")
        s.ask(
            f"How many years older is {a} than {b}?", f"By how many years is {b} younger than {a}?"
        )
    else:
        s.ask(f"How old is {a} now?", f"What is the age of {a} today?")


def machines(s: Story) -> None:
    """Two rates that add up, and the time or the amount."""
    thing, a, b, h = s.thing(), s.num(3, 30), s.num(3, 30), s.num(2, 9)
    one, two = s.pick("The old machine", "One machine"), s.pick("the new one", "a second one")
    s.say(
        f"{one} makes {a} {thing} an hour and {two} {b}.",
        f"Each hour {one.lower()} makes {a} {thing} and {two} {b}.",
    )
    x = s.step(a, "+", b, f"Both make {{}} {thing} an hour.", f"Each hour there are {{}} {thing}.")
    if s.maybe():
        s.say(f"Both run for {h} hours.", f"They work together for {h} hours.")
        y = s.step(x, "*", h, f"They make {{}} {thing}.", f"In that time {{}} {thing} appear.")
        need = s.num(2, max(2, y - 2))
        s.say(f"{need} of the {thing} are sold.", f"A shop takes {need} {thing}.")
        s.step(y, "-", need, f"Then {{}} {thing} are left.", f"So {{}} {thing} remain.")
        s.ask(f"How many {thing} are left?", f"How many {thing} remain?")
    else:
        have = s.num(2, 40)
        goal = x * h + have
        s.say(
            f"{goal} {thing} are needed, and {have} are there.",
            f"A shop needs {goal} {thing} and has {have}.",
        )
        y = s.step(
            goal, "-", have, f"Still {{}} {thing} are missing.", f"So {{}} {thing} must be made."
        )
        s.step(y, "/", x, "This takes {} hours.", "The machines need {} hours.")
        s.ask(
            "How many hours do both need together?",
            f"In how many hours are the missing {thing} made?",
        )


def laps(s: Story) -> None:
    """Hours and minutes into minutes, then laps."""
    (name, he), hours, each, n = s.person(), s.num(1, 5), s.num(2, 12), s.num(3, 40)
    minutes = each * n - 60 * hours
    if not 1 <= minutes <= 59:
        raise DoesNotWorkOutError(f"{minutes} minutes")
    word = "hour" if hours == 1 else "hours"
    s.say(
        f"{name} swims {hours} {word} and {minutes} minutes.",
        f"For {hours} {word} and {minutes} minutes {name} swims.",
    )
    s.say(f"A lap takes {each} minutes.", f"{he.capitalize()} needs {each} minutes for a lap.")
    x = s.step(hours, "*", 60, "The hours are {} minutes.", "In minutes the hours are {}.")
    y = s.step(
        x, "+", minutes, f"In all {name} swims {{}} minutes.", "Together this is {} minutes."
    )
    z = s.step(y, "/", each, f"{name} swims {{}} laps.", "This makes {} laps.")
    if s.maybe(0.4):
        more = s.num(2, 30)
        s.say(f"Yesterday {he} swam {more} laps.", f"The day before {he} swam {more} laps.")
        s.step(z, "+", more, "Both days make {} laps.", f"In two days {name} swims {{}} laps.")
        s.ask("How many laps do both days make?", f"How many laps does {name} swim in two days?")
    else:
        s.ask(f"How many laps does {name} swim?", f"How many laps can {name} swim in that time?")


def weeks(s: Story) -> None:
    """Weeks into days, and an amount per day."""
    (name, he), w, d, per = s.person(), s.num(2, 8), s.num(1, 6), s.num(2, 12)
    thing = s.pick("pages", "words", "letters", "pictures", "songs")
    days = f"{w} weeks and {d} days" if d > 1 else f"{w} weeks and {d} day"
    s.say(f"A holiday lasts {days}.", f"{name} has {days} of holiday.")
    s.say(f"Each day {name} learns {per} {thing}.", f"{name} learns {per} {thing} a day.")
    x = s.step(w, "*", 7, "The weeks have {} days.", "In days the weeks are {}.")
    y = s.step(x, "+", d, "The holiday has {} days.", "In all this is {} days.")
    if s.maybe():
        off = s.num(1, 9)
        s.say(f"On {off} days {he} rests.", f"{he.capitalize()} does nothing on {off} days.")
        y = s.step(y, "-", off, f"{name} learns on {{}} days.", "So {} days are left.")
    s.step(y, "*", per, f"{name} learns {{}} {thing}.", f"In that time it is {{}} {thing}.")
    s.ask(f"How many {thing} does {name} learn?", f"How many {thing} does the holiday bring?")


def dozens(s: Story) -> None:
    """Dozens into pieces, used and sold."""
    (name, he), thing = s.person(), s.pick("eggs", "rolls", "roses", "candles", "pencils")
    n, used, k = s.num(2, 15), s.num(2, 20), s.num(2, 6)
    s.say(f"{name} buys {n} dozen {thing}.", f"In a shop {name} takes {n} dozen {thing}.")
    x = s.step(n, "*", 12, f"This is {{}} {thing}.", f"{name} has {{}} {thing}.")
    s.say(f"Then {he} uses {used} of them.", f"{used} of them are broken.")
    y = s.step(x, "-", used, f"After that {{}} {thing} are left.", f"So {{}} {thing} remain.")
    if s.maybe() and y % k == 0:
        s.say(
            f"The rest is shared among {k} {s.pick(*FRIENDS)}.", f"{k} boxes take all that is left."
        )
        s.step(y, "/", k, f"Each part has {{}} {thing}.", f"One part is {{}} {thing}.")
        s.ask(f"How many {thing} are in each part?", f"How many {thing} does each one get?")
    else:
        s.ask(f"How many {thing} are left?", f"How many {thing} does {name} have now?")


def planks(s: Story) -> None:
    """Feet and inches into inches, and pieces of them."""
    (name, _), feet, k = s.person(), s.num(2, 20), s.num(2, 9)
    inches = s.num(1, 11)
    if (feet * 12 + inches) % k:
        raise DoesNotWorkOutError("no even cut")
    word = "inch" if inches == 1 else "inches"
    s.say(
        f"A plank is {feet} feet and {inches} {word} long.",
        f"{name} has a plank of {feet} feet and {inches} {word}.",
    )
    s.say(f"It is cut in {k} equal pieces.", f"{name} cuts it in {k} equal pieces.")
    x = s.step(feet, "*", 12, "The feet are {} inches.", "In inches the feet are {}.")
    y = s.step(x, "+", inches, "The plank is {} inches long.", "In all this is {} inches.")
    z = s.step(y, "/", k, "Each piece is {} inches long.", "One piece has {} inches.")
    if s.maybe(0.5):
        m = s.num(2, k)
        s.say(f"{m} of the pieces are put in a row.", f"A shelf takes {m} of the pieces.")
        s.step(z, "*", m, "These pieces are {} inches long.", "Together they have {} inches.")
        s.ask(
            "How many inches are these pieces together?", "How long are they together, in inches?"
        )
    else:
        s.ask("How many inches long is each piece?", "How long is one piece in inches?")


def race(s: Story) -> None:
    """Two speeds by way and time, compared."""
    (a, _), (b, _) = s.person(), s.person()
    v, w, t, u = s.num(3, 40), s.num(2, 39), s.num(2, 9), s.num(2, 9)
    if v <= w:
        raise DoesNotWorkOutError("the first is faster")
    s.say(f"{a} travels {v * t} miles in {t} hours.", f"In {t} hours {a} travels {v * t} miles.")
    s.say(f"{b} travels {w * u} miles in {u} hours.", f"In {u} hours {b} travels {w * u} miles.")
    x = s.step(v * t, "/", t, f"{a} makes {{}} miles an hour.", f"Per hour {a} makes {{}} miles.")
    y = s.step(w * u, "/", u, f"{b} makes {{}} miles an hour.", f"Per hour {b} makes {{}} miles.")
    z = s.step(
        x, "-", y, f"{a} is {{}} miles an hour faster.", "The difference is {} miles an hour."
    )
    if s.maybe():
        h = s.num(2, 9)
        s.step(z, "*", h, f"In that time {a} gains {{}} miles.", f"{a} is {{}} miles ahead.")
        s.ask(
            f"How many miles more does {a} make in {h} hours?",
            f"After {h} hours, how many miles is {a} ahead?",
        )
    else:
        s.ask(f"How many miles an hour is {a} faster?", f"By how many miles an hour is {b} slower?")


def ratio(s: Story) -> None:
    """A whole split by a ratio."""
    (a, _), (b, _), thing = s.person(), s.person(), s.thing()
    m, n, part = s.num(1, 5), s.num(2, 6), s.num(3, 30)
    total = (m + n) * part
    s.say(
        f"{a} and {b} share {total} {thing} in the ratio {m} to {n}.",
        f"{total} {thing} are split between {a} and {b} in the ratio {m} to {n}.",
    )
    x = s.step(m, "+", n, "There are {} parts.", "This makes {} parts.")
    y = s.step(total, "/", x, f"One part is {{}} {thing}.", f"Each part has {{}} {thing}.")
    z = s.step(y, "*", n, f"{b} gets {{}} {thing}.", f"The share of {b} is {{}} {thing}.")
    if s.maybe(0.4):
        gone = s.num(2, max(2, z - 2))
        s.say(f"{b} gives away {gone} of them.", f"Then {b} sells {gone} of the {thing}.")
        s.step(z, "-", gone, f"{b} keeps {{}} {thing}.", f"So {{}} {thing} are left.")
        s.ask(f"How many {thing} does {b} keep?", f"How many {thing} are left for {b}?")
    else:
        s.ask(f"How many {thing} does {b} get?", f"What is the share of {b}?")


def market_day(s: Story) -> None:
    """A part goes in the morning, a part of the rest at noon."""
    (name, he), thing = s.person(), s.thing()
    k, m = s.num(2, 4), s.num(2, 5)
    words = {2: "half", 3: "one third", 4: "one quarter", 5: "one fifth"}
    n = k * m * s.num(2, 14)
    s.say(f"{name} takes {n} {thing} to the market.", f"At the market {name} has {n} {thing}.")
    s.say(
        f"In the morning {he} sells {words[k]} of them.",
        f"{words[k].capitalize()} of them go in the morning.",
    )
    x = s.step(n, "/", k, f"In the morning {{}} {thing} go.", f"First {name} sells {{}} {thing}.")
    y = s.step(n, "-", x, f"At noon {{}} {thing} are there.", f"After that {{}} {thing} are left.")
    s.say(f"At noon {he} sells {words[m]} of the rest.", f"At noon {words[m]} of the rest go.")
    z = s.step(y, "/", m, f"At noon {{}} {thing} go.", f"At noon {name} sells {{}} {thing}.")
    if s.maybe():
        s.step(y, "-", z, f"In the end {{}} {thing} are left.", f"So {name} keeps {{}} {thing}.")
        s.ask(f"How many {thing} are left?", f"How many {thing} does {name} keep?")
    else:
        s.step(x, "+", z, f"In all {{}} {thing} are sold.", f"Together {name} sells {{}} {thing}.")
        s.ask(f"How many {thing} are sold?", f"How many {thing} does {name} sell in all?")


def purse(s: Story) -> None:
    """Coins of two kinds, changed into dollars."""
    (name, he), a, b = s.person(), s.num(2, 30), s.num(2, 30)
    s.say(
        f"{name} has {4 * a} quarters and {10 * b} dimes.",
        f"In a jar {name} finds {4 * a} quarters and {10 * b} dimes.",
    )
    x = s.step(
        4 * a, "/", 4, "The quarters are {} dollars.", f"For the quarters {name} gets {{}} dollars."
    )
    y = s.step(
        10 * b, "/", 10, "The dimes are {} dollars.", f"For the dimes {name} gets {{}} dollars."
    )
    z = s.step(x, "+", y, f"Together {name} has {{}} dollars.", "In all this is {} dollars.")
    if s.maybe():
        c = s.num(2, max(2, z - 2))
        s.say(f"Then {he} pays {c} dollars for a book.", f"A book takes {c} dollars of it.")
        s.step(z, "-", c, "After that {} dollars are left.", f"{name} keeps {{}} dollars.")
        s.ask("How many dollars are left?", f"How many dollars does {name} keep?")
    else:
        s.ask(f"How many dollars does {name} get?", f"How many dollars does {name} have?")


PART_TEMPLATES = (
    class_part, sale, town, two_sums, birthday, machines, laps, weeks, dozens, planks, race,
    ratio, market_day, purse,
)  # fmt: skip
