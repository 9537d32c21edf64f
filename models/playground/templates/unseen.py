"""Kinds of word problems that no shipped model was trained on, to measure what carries over."""

from __future__ import annotations

from models.playground.story import Story


def taxi(s: Story) -> None:
    """A fixed price, a price per mile, and a tip."""
    (name, _), base, per, miles = s.person(), s.num(2, 9), s.num(2, 6), s.num(3, 30)
    s.say(
        f"A taxi costs {base} dollars and {per} dollars for each mile.",
        f"For a taxi {name} pays {base} dollars and {per} dollars a mile.",
    )
    s.say(f"{name} travels {miles} miles.", f"The way is {miles} miles.")
    x = s.step(per, "*", miles, "The miles cost {} dollars.", "For the miles it is {} dollars.")
    y = s.step(base, "+", x, "The taxi costs {} dollars.", "In all this is {} dollars.")
    if s.maybe():
        tip = s.num(2, 15)
        s.say(f"{name} adds {tip} dollars.", f"Then {name} gives {tip} dollars more.")
        s.step(y, "+", tip, f"{name} pays {{}} dollars.", "Together this is {} dollars.")
    s.ask(f"How many dollars does {name} pay?", f"How much does {name} pay in all?")


def stadium(s: Story) -> None:
    """Seats in rows, some empty, and what the people pay."""
    rows, seats, empty, price = s.num(3, 12), s.num(5, 20), s.num(2, 14), s.num(2, 5)
    s.say(
        f"A theater has {rows} rows of {seats} seats.",
        f"In a theater there are {rows} rows with {seats} seats each.",
    )
    s.say(f"{empty} seats stay empty.", f"Today {empty} seats are empty.")
    x = s.step(rows, "*", seats, "The theater has {} seats.", "There are {} seats.")
    y = s.step(x, "-", empty, "So {} people come.", "Of these {} seats are taken.")
    if s.maybe():
        s.say(f"A seat costs {price} dollars.", f"Each of the people pays {price} dollars.")
        s.step(y, "*", price, "They pay {} dollars.", "This brings {} dollars.")
        s.ask("How many dollars do the people pay?", "How many dollars does the theater take?")
    else:
        s.ask("How many people are in the theater?", "How many seats are taken?")


def paint(s: Story) -> None:
    """Two walls, and cans of paint for them."""
    (name, _), can, cans, price = s.person(), s.num(3, 12), s.num(3, 20), s.num(3, 15)
    total = can * cans
    one = s.num(2, total - 2)
    s.say(
        f"{name} paints one wall of {one} meters and one of {total - one} meters.",
        f"Two walls have {one} and {total - one} meters.",
    )
    s.say(
        f"A can of paint is enough for {can} meters.",
        f"For {can} meters {name} needs one can of paint.",
    )
    x = s.step(one, "+", total - one, "Both walls have {} meters.", "Together this is {} meters.")
    y = s.step(x, "/", can, f"{name} needs {{}} cans.", "This takes {} cans.")
    if s.maybe():
        s.say(f"A can costs {price} dollars.", f"{name} pays {price} dollars for each can.")
        s.step(y, "*", price, "The cans cost {} dollars.", f"{name} pays {{}} dollars.")
        s.ask(f"How many dollars does {name} pay?", "How much does the paint cost?")
    else:
        s.ask(f"How many cans does {name} need?", "How many cans are needed?")


def candle(s: Story) -> None:
    """Something that burns down at a rate."""
    (name, _), per, hours, rest = s.person(), s.num(2, 9), s.num(3, 12), s.num(4, 60)
    long = per * hours + rest
    s.say(f"A candle is {long} inches long.", f"{name} has a candle of {long} inches.")
    s.say(f"Each hour it gets {per} inches shorter.", f"It loses {per} inches an hour.")
    x = s.step(per, "*", hours, "The candle loses {} inches.", "In that time {} inches are burnt.")
    y = s.step(long, "-", x, "After that {} inches are left.", "So {} inches remain.")
    if s.maybe() and y % 2 == 0:
        s.say("Then half of the rest breaks off.", "Then it loses half of the rest.")
        s.step(y, "/", 2, "In the end {} inches remain.", "At last it is {} inches long.")
        s.ask(
            f"How long is it in the end, after {hours} hours?",
            f"{hours} hours later, how many inches remain?",
        )
    else:
        s.ask(
            f"How long is it after {hours} hours?", f"How many inches are left after {hours} hours?"
        )


UNSEEN_TEMPLATES = (taxi, stadium, paint, candle)
