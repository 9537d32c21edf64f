"""The kinds of word problems in the playground's world: trade, food and collections.

A template tells a story with random numbers and writes its derivation beside it. Sentences of
a step name no number outside their equation, so that the equation is all there is to check.
"""

from __future__ import annotations

from models.playground.story import FRIENDS, DoesNotWorkOutError, Story


def baskets(s: Story) -> None:
    """a * b, then eaten, added or shared."""
    name, he = s.person()
    thing, a, b = s.thing(), s.num(3, 12), s.num(4, 20)
    s.say(
        f"{name} fills {a} baskets with {b} {thing} each.",
        f"{name} has {a} baskets, and each basket holds {b} {thing}.",
    )
    x = s.step(
        a, "*", b, f"The baskets hold {{}} {thing}.", f"{name} has {{}} {thing} in the baskets."
    )
    c = s.num(5, 40)
    s.say(f"Then {he} gives away {c} {thing}.", f"After that {he} sells {c} {thing}.")
    x = s.step(x, "-", c, f"After that {{}} {thing} remain.", f"Now {name} has {{}} {thing}.")
    if s.maybe():
        d = s.num(5, 60)
        s.say(
            f"Later {he} picks {d} more {thing}.", f"The next day {he} gets {d} {thing} as a gift."
        )
        s.step(x, "+", d, f"In the end there are {{}} {thing}.", f"This makes {{}} {thing}.")
    s.ask(
        f"How many {thing} does {name} have in the end?", f"How many {thing} does {name} have now?"
    )


def change(s: Story) -> None:
    """Two things bought, and the change from a sum of money."""
    name, he = s.person()
    t1, t2 = s.thing(), s.thing()
    n, p, m, q = s.num(2, 9), s.num(2, 12), s.num(2, 9), s.num(2, 12)
    s.say(
        f"{name} buys {n} {t1} for {p} dollars each.",
        f"At the market {name} takes {n} {t1} at {p} dollars each.",
    )
    s.say(
        f"{name} also buys {m} {t2} for {q} dollars each.",
        f"Then {he} takes {m} {t2} at {q} dollars each.",
    )
    x = s.step(n, "*", p, f"The {t1} cost {{}} dollars.", f"{name} pays {{}} dollars for the {t1}.")
    y = s.step(m, "*", q, f"The {t2} cost {{}} dollars.", f"{name} pays {{}} dollars for the {t2}.")
    z = s.step(x, "+", y, "Together this is {} dollars.", "In total this costs {} dollars.")
    if s.maybe(0.7):
        paid = (z // 10 + s.num(1, 5)) * 10
        s.say(f"{name} pays with {paid} dollars.", f"{name} gives the seller {paid} dollars.")
        s.step(paid, "-", z, "The change is {} dollars.", f"{name} gets back {{}} dollars.")
        s.ask("How much change is there?", f"How many dollars does {name} get back?")
    else:
        s.ask(f"How much does {name} spend?", f"How many dollars does {name} pay?")


def sharing(s: Story) -> None:
    """Two collections joined and shared, then one share grows."""
    (name, _), thing, group = s.person(), s.thing(), s.pick(*FRIENDS)
    k, share, extra = s.num(3, 9), s.num(4, 30), s.num(3, 30)
    total = k * share
    a = s.num(2, total - 2)
    s.say(
        f"{name} has {a} {thing} at home and {total - a} {thing} in a bag.",
        f"{name} has {a} red {thing} and {total - a} green {thing}.",
    )
    s.say(
        f"All of them are shared equally among {k} {group}.",
        f"{name} shares them equally among {k} {group}.",
    )
    x = s.step(a, "+", total - a, f"Altogether there are {{}} {thing}.", f"This is {{}} {thing}.")
    x = s.step(x, "/", k, f"Each one gets {{}} {thing}.", f"One share is {{}} {thing}.")
    s.say(
        f"{s.person()[0]}, one of them, already had {extra} {thing}.",
        f"One of the {group} already had {extra} {thing}.",
    )
    s.step(
        x, "+", extra, f"With those from before it is {{}} {thing}.", f"So now it is {{}} {thing}."
    )
    s.ask(
        f"How many {thing} does that one have now?", f"How many {thing} does this one have at last?"
    )


def cartons(s: Story) -> None:
    """Eggs of a farm over some days, packed into cartons, sold."""
    name, he = s.person()
    hens, each, size, price = s.num(4, 20), s.num(2, 6), s.pick("4", "6", "10"), s.num(2, 9)
    n = int(size)
    s.say(
        f"{name} keeps {hens} hens, and each lays {each} eggs a week.",
        f"On the farm of {name}, {hens} hens lay {each} eggs each.",
    )
    x = s.step(hens, "*", each, "The hens lay {} eggs.", "There are {} eggs.")
    if x % n:
        s.say(f"{x % n} eggs break.", f"The family eats {x % n} eggs.")
        x = s.step(x, "-", x % n, "Of these {} eggs are left.", "So {} eggs remain.")
    s.say(f"The eggs are packed in cartons of {n}.", f"{name} puts {n} eggs in each carton.")
    x = s.step(x, "/", n, "They fill {} cartons.", f"{name} gets {{}} cartons.")
    s.say(f"A carton sells for {price} dollars.", f"{name} sells every carton for {price} dollars.")
    s.step(x, "*", price, "The sale brings {} dollars.", f"{name} earns {{}} dollars.")
    s.ask(f"How many dollars does {name} earn?", "How much money do the cartons bring?")


def recipe(s: Story) -> None:
    """Cups of flour and sugar for several cakes, and what is missing."""
    name, he = s.person()
    cakes, flour, sugar = s.num(3, 12), s.num(3, 9), s.num(2, 6)
    s.say(
        f"One cake takes {flour} cups of flour and {sugar} cups of sugar.",
        f"A cake needs {flour} cups of flour and {sugar} cups of sugar.",
    )
    s.say(f"{name} bakes {cakes} cakes.", f"{name} wants to bake {cakes} cakes.")
    x = s.step(flour, "+", sugar, "One cake takes {} cups.", "Each cake needs {} cups.")
    x = s.step(x, "*", cakes, "All the cakes take {} cups.", f"{name} needs {{}} cups in total.")
    have = s.num(2, max(2, x - 2))
    s.say(
        f"In the kitchen there are {have} cups already.",
        f"{he.capitalize()} has {have} cups already.",
    )
    s.step(x, "-", have, "So {} cups are missing.", f"{name} must buy {{}} cups.")
    s.ask(f"How many cups must {name} buy?", "How many cups are still missing?")


def collection(s: Story) -> None:
    """One has a multiple of another, a third has some fewer; all together."""
    (a, _), (b, _), (c, _) = s.person(), s.person(), s.person()
    thing, n, k, less = s.thing(), s.num(4, 30), s.num(2, 5), s.num(2, 25)
    s.say(f"{a} has {n} {thing}.", f"{a} owns {n} {thing}.")
    s.say(
        f"{b} has {k} times as many {thing} as {a}.",
        f"{b} owns {k} times the number that {a} owns.",
    )
    y = s.step(n, "*", k, f"{b} has {{}} {thing}.", f"So {b} owns {{}} {thing}.")
    if s.maybe(0.6):
        s.say(f"{c} has {less} {thing} fewer than {b}.", f"{c} owns {less} less than {b}.")
        z = s.step(y, "-", less, f"{c} has {{}} {thing}.", f"So {c} owns {{}} {thing}.")
        w = s.step(n, "+", y, f"{a} and {b} have {{}} {thing}.", f"The first two own {{}} {thing}.")
        s.step(w, "+", z, f"All three have {{}} {thing}.", f"Together they own {{}} {thing}.")
        s.ask(f"How many {thing} do all three have?", f"How many {thing} do they have together?")
    else:
        s.step(n, "+", y, f"Together they have {{}} {thing}.", f"Both own {{}} {thing}.")
        s.ask(f"How many {thing} do {a} and {b} have together?", f"How many {thing} do both have?")


def savings(s: Story) -> None:
    """Weekly savings on top of a start, and the distance to a goal."""
    name, he = s.person()
    start, per, weeks = s.num(5, 80), s.num(3, 20), s.num(3, 12)
    s.say(f"{name} has {start} dollars.", f"{name} starts with {start} dollars.")
    s.say(
        f"{he.capitalize()} saves {per} dollars a week for {weeks} weeks.",
        f"For {weeks} weeks {he} saves {per} dollars each week.",
    )
    x = s.step(per, "*", weeks, f"{name} saves {{}} dollars.", "The savings are {} dollars.")
    y = s.step(start, "+", x, f"Then {name} has {{}} dollars.", "With the start it is {} dollars.")
    if s.maybe():
        goal = y + s.num(3, 90)
        s.say(f"A bicycle costs {goal} dollars.", f"{name} wants a bicycle for {goal} dollars.")
        s.step(goal, "-", y, "Still {} dollars are missing.", f"{name} still needs {{}} dollars.")
        s.ask("How many dollars are still missing?", f"How many more dollars does {name} need?")
    else:
        spent = s.num(2, max(2, y - 2))
        s.say(
            f"Then {he} spends {spent} dollars.",
            f"After that {he} buys a gift for {spent} dollars.",
        )
        s.step(y, "-", spent, "Then {} dollars are left.", f"{name} keeps {{}} dollars.")
        s.ask(f"How many dollars does {name} have left?", "How much money is left?")


def wages(s: Story) -> None:
    """Two jobs by the hour, taxes or a bonus."""
    name, he = s.person()
    h1, r1, h2, r2 = s.num(2, 10), s.num(5, 20), s.num(2, 8), s.num(5, 15)
    s.say(
        f"{name} works {h1} hours in a shop for {r1} dollars an hour.",
        f"In a shop {name} earns {r1} dollars an hour and works {h1} hours.",
    )
    s.say(
        f"{he.capitalize()} also works {h2} hours in a garden for {r2} dollars an hour.",
        f"In a garden {he} earns {r2} dollars an hour and works {h2} hours.",
    )
    x = s.step(h1, "*", r1, "The shop pays {} dollars.", f"In the shop {name} earns {{}} dollars.")
    y = s.step(
        h2, "*", r2, "The garden pays {} dollars.", f"In the garden {name} earns {{}} dollars."
    )
    z = s.step(x, "+", y, "Both jobs pay {} dollars.", "Together this is {} dollars.")
    c = s.num(5, 40)
    if s.maybe():
        s.say(
            f"There is a bonus of {c} dollars.", f"{he.capitalize()} gets a bonus of {c} dollars."
        )
        w = s.step(
            z, "+", c, "With the bonus it is {} dollars.", f"In total {name} gets {{}} dollars."
        )
    else:
        s.say(f"The bus costs {c} dollars.", f"{he.capitalize()} pays {c} dollars for the bus.")
        w = s.step(
            z, "-", c, "After the bus {} dollars are left.", f"So {name} keeps {{}} dollars."
        )
    if s.maybe():
        d = s.num(2, max(2, w - 2))
        s.say(f"Then {he} buys a coat for {d} dollars.", f"{name} pays {d} dollars of rent.")
        s.step(w, "-", d, "Then {} dollars are left.", f"At last {name} has {{}} dollars.")
    s.ask(f"How many dollars does {name} have at last?", f"How much does {name} have in the end?")


def party(s: Story) -> None:
    """Slices for guests, from pizzas, at a price."""
    name, _ = s.person()
    cut, pizzas, price = s.num(4, 10), s.num(2, 9), s.num(6, 18)
    each = s.num(2, 4)
    if cut * pizzas % each:
        raise DoesNotWorkOutError(f"{cut * pizzas} slices for {each} each")
    guests = cut * pizzas // each
    s.say(
        f"{name} invites {guests} guests, and each eats {each} slices.",
        f"At a party of {name}, {guests} guests eat {each} slices each.",
    )
    s.say(f"A pizza is cut in {cut} slices.", f"Each pizza has {cut} slices.")
    s.say(f"A pizza costs {price} dollars.", f"One pizza is {price} dollars.")
    x = s.step(guests, "*", each, "The guests eat {} slices.", "They need {} slices.")
    y = s.step(x, "/", cut, "This takes {} pizzas.", f"So {name} needs {{}} pizzas.")
    s.step(y, "*", price, "The pizzas cost {} dollars.", f"{name} pays {{}} dollars.")
    s.ask(f"How much does {name} pay for the pizzas?", "How many dollars do the pizzas cost?")


def tickets(s: Story) -> None:
    """Adults and children pay; what remains after the costs."""
    place = s.pick("zoo", "museum", "theater", "circus")
    n, p, m, q = s.num(2, 12), s.num(6, 15), s.num(3, 15), s.num(2, 9)
    s.say(
        f"A ticket for the {place} costs {p} dollars for adults and {q} dollars for children.",
        f"The {place} takes {p} dollars from adults and {q} dollars from children.",
    )
    s.say(f"{n} adults and {m} children come.", f"Today {n} adults and {m} children visit it.")
    x = s.step(n, "*", p, "The adults pay {} dollars.", "From the adults come {} dollars.")
    y = s.step(m, "*", q, "The children pay {} dollars.", "From the children come {} dollars.")
    z = s.step(x, "+", y, "All together pay {} dollars.", f"The {place} takes {{}} dollars.")
    if s.maybe():
        cost = s.num(2, max(2, z - 2))
        s.say(
            f"The day costs the {place} {cost} dollars.",
            f"The {place} has costs of {cost} dollars.",
        )
        s.step(
            z, "-", cost, "After the costs {} dollars remain.", f"The {place} keeps {{}} dollars."
        )
        s.ask(
            f"How many dollars does the {place} keep?", "How many dollars remain after the costs?"
        )
    else:
        s.ask("How many dollars do they pay in all?", f"How many dollars does the {place} take?")


def half_sold(s: Story) -> None:
    """A stock made and partly sold: a fraction goes, then more."""
    name, he = s.person()
    thing, days, k = s.thing(), s.num(3, 9), s.num(2, 5)
    per = s.num(4, 12) * k
    word = {2: "half", 3: "one third", 4: "one quarter", 5: "one fifth"}[k]
    s.say(
        f"{name} makes {per} {thing} a day for {days} days.",
        f"For {days} days {name} makes {per} {thing} each day.",
    )
    x = s.step(per, "*", days, f"{name} makes {{}} {thing}.", f"In all this is {{}} {thing}.")
    s.say(f"{he.capitalize()} sells {word} of them.", f"Then {word} of them are sold.")
    y = s.step(x, "/", k, f"{name} sells {{}} {thing}.", f"So {{}} {thing} are sold.")
    z = s.step(x, "-", y, f"Then {{}} {thing} are left.", f"So {name} keeps {{}} {thing}.")
    if s.maybe():
        c = s.num(2, max(2, z - 2))
        s.say(f"{c} {thing} are broken.", f"{name} gives {c} {thing} to a friend.")
        s.step(z, "-", c, f"In the end {{}} {thing} remain.", f"So {{}} good {thing} remain.")
    s.ask(f"How many {thing} does {name} have left?", f"How many {thing} are left for {name}?")


TEMPLATES = (
    baskets, change, sharing, cartons, recipe, collection, savings, wages, party, tickets,
    half_sold,
)  # fmt: skip
