"""Compose invented car reviews: no car, maker or owner in them exists.

A review is a chain of sentences. Most of what it says about the car agrees with its label,
some of it does not, and much of it is neutral, as in real reviews; a few owners praise for
pages and still give a bad mark. So a simple classifier does well, but not perfectly. Only
`random.Random` decides.
"""

import re

# What the slots of the sentences may hold.
WORDS = {
    "maker": "Marlow, Tarrant, Brandle, Halden, Corvane, Ostrey, Penhall, Veldt",
    "model": """Kestrel, Vireo, Osprey, Marten, Meadow, Plover, Heron, Juniper, Curlew, Badger, Finch, Otter""",
    "part": """engine, transmission, gearbox, clutch, steering, suspension, dashboard, stereo, heater, boot,
        bonnet, door, window, mirror, seat, belt, sunroof, alternator, battery, radiator, exhaust, muffler, fuel
        pump, water pump, horn, wiper, headlight, bumper, console, speedometer, ignition, thermostat, tailgate,
        hatch, carpet, upholstery, paint, trim, antenna, compressor, starter, throttle, axle, keyfob, armrest,
        cup holder, glovebox, windshield, air conditioning, cruise control, brake pedal, hand brake, spare tire,
        roof rack, fan belt, turbo""",
    "good": """great, excellent, smooth, reliable, comfortable, solid, quiet, responsive, superb, wonderful,
        sturdy, roomy, fantastic, sensible, dependable, impressive, generous, flawless, precise, handy, durable,
        terrific, pleasant, stylish, amazing, perfect, practical, refined, sharp, bright""",
    "bad": """terrible, awful, noisy, unreliable, uncomfortable, cheap, flimsy, sluggish, horrible, useless,
        weak, cramped, clumsy, disappointing, poor, shaky, defective, faulty, annoying, rough, miserable, ugly,
        rusty, pathetic, dreadful, dangerous, crude, vague, brittle, leaky""",
    "plain": """ordinary, average, standard, normal, typical, simple, modest, usual, plain, conventional, basic,
        familiar""",
    "glad": "happy, pleased, satisfied, delighted, impressed, thrilled, content",
    "upset": "disappointed, frustrated, annoyed, unhappy, disgusted, angry, fed up",
    "well": """perfectly, beautifully, flawlessly, nicely, smoothly, wonderfully, reliably""",
    "badly": "badly, poorly, terribly, constantly, miserably, horribly",
    "very": "very, really, extremely, quite, truly, pretty, so",
    "fails": """broke, failed, leaked, rattled, cracked, jammed, squeaked, died, overheated, stalled, rusted,
        burned out, seized, came loose, gave up""",
    "kin": """wife, husband, daughter, son, mother, father, brother, sister, neighbor, uncle, grandmother,
        cousin, boss, friend, roommate, girlfriend, boyfriend""",
    "use": """commuting to work, weekend trips, hauling lumber, family vacations, grocery shopping, driving to
        college, towing a small boat, city traffic, long highway journeys, camping in the mountains, delivering
        packages, the school run""",
    "place": """Highway, the mountains, the city, the coast, the desert, a snow storm, heavy rain, rush hour,
        the countryside, a gravel road, the parking garage, the suburbs""",
    "time": """two weeks, three months, half a year, a year, eighteen months, two years, four years, six years,
        one winter, a whole summer, the first month, ten thousand miles, sixty thousand miles, a hundred
        thousand miles""",
    "money": """200 dollars, 350 dollars, 600 dollars, 900 dollars, 1200 dollars, 1850 dollars, 2400 dollars, a
        small fortune""",
    "year": """1989, 1991, 1992, 1994, 1995, 1996, 1997, 1998, 1999, 2000, 2001, 2002, 2003, 2004""",
    "color": """red, blue, green, silver, black, white, maroon, gold, grey, tan, burgundy, turquoise""",
    "kind": """sedan, wagon, pickup, hatchback, minivan, coupe, convertible, truck, van, compact""",
    "number": "two, three, four, five, six, seven",
    "person": "mechanic, salesman, dealer, technician, manager, inspector",
}
SENTENCES = {
    "opening": """
I bought my {year} {car} {kind} about {time} ago and use it mostly for {use}. We picked up a used {color} {car}
last spring, after looking at {number} other cars. My {kin} owned a {car} before me, so when mine was stolen I
went and got the {year} model. This is a review of the {year} {car}, the {kind} with the bigger engine. When our
family grew we traded the old {kind} for a {car}. I have been driving a {color} {car} for {time}, mainly for
{use}. Let me tell you about my {car}, a {color} {kind} built in {year}. I never planned to own a {car}, but my
{kin} sold me one with low mileage. After renting a {car} for {time} I decided to write down what I think of it.
As a student I needed an inexpensive {kind}, and the {year} {car} was advertised in the newspaper.""",
    "neutral": """
It has the {number} cylinder engine and the automatic transmission. The odometer shows {number} thousand miles
more than when I started writing this. I drive about {number} hundred miles a week, mostly on {place}. The
{part} is {plain}, about what you would expect in this class. My {kin} drives a {kind} from another company, so
we compare them often. The test drive took us through {place} and back to the showroom. I looked at the {maker}
brochure and at the {kind} next to it before deciding. The sticker said {money}, but of course everybody
negotiates. It comes in {color}, {color} and {color}, and ours is the {color} one. The manual recommends
changing the oil every three thousand miles and rotating the tires twice a year. We take turns: my {kin} uses it
for {use} and I use it for {use}. There is a {part} in the middle and a {part} beside it. I am six feet tall and
my {kin} is rather short, so the seat gets moved a lot. The {year} version shares its platform and its {part}
with the {model}. Last month we drove it across {place} with {number} passengers and their luggage. Gas mileage
is somewhere around twenty miles per gallon, a bit more on the highway. The previous owner had kept all the
receipts in the glovebox. Insurance costs about the same as for any {kind}. I replaced the {part} myself on a
Saturday afternoon with borrowed tools. You can order the {part} as an option, together with the {part}. Most
people in our street own a {kind} of some sort. I also considered a {maker}, which is built in the same factory.
The rear bench folds in two parts, and there are {number} cup holders. The doors lock automatically as soon as
you shift into gear. My commute includes {place} and a stretch of dirt road. The {part} sits lower than in the
{year} model. We paid {money} down and financed the remaining balance at the bank. Our dog rides in the back on
an old blanket. The clock must be reset whenever the battery is disconnected. The radio has {number} buttons and
a tape deck. The spare is under the floor and the jack is behind a plastic panel. The engine sits sideways, the
battery is on the left, and the filter is underneath.""",
    "Pos": """
The {part} is {good} and the {part} is {good} too. I am {very} {glad} with the {part}. Even after {time} the
{part} works {well}. My {kin} loves the {part}, and I love the {part}. It starts every morning, even in {place}.
The {part} feels {good}, much better than in my old {kind}. Nothing has gone wrong in {time} except a light
bulb. For {use} it is simply {good}. The {person} was friendly, honest and {good}, and the service was free. It
handles {place} {well} and never slips. The seats are {good}, so my back no longer hurts after {use}.
Acceleration is {good}, and passing on {place} is easy. What a bargain: it cost me {money} less than the
competition. The brakes are {good} and stop the car quickly and safely. I get compliments on the {good} styling
wherever I park. There is plenty of room for the kids, the stroller and the groceries. The warranty paid for
everything, quickly and without any questions. The ride is {good}, like floating on a cloud. Fuel economy is
{good}, and I save money every week. The stereo sounds {good}, with clear bass and rich treble. Visibility is
{good} and the {part} is easy to reach. It protected my {kin} in an accident, and for that I am grateful. The
{part} was designed by somebody clever, and it shows. It turns tightly and parks easily, which matters in the
city. The heater warms the cabin fast, and the {part} is {good}. I would trust this {kind} anywhere, and it
makes me smile. The workmanship is {good}: tight gaps, {good} paint and no rattles. It has plenty of power and
pulls a trailer {well}. In snow it is {good}, it just keeps going. It holds its value {well}, so selling it
would be easy.""",
    "Neg": """
The {part} is {bad} and the {part} is {bad} too. I am {very} {upset} with the {part}. After only {time} the
{part} {fails}, and then the {part} {fails}. My {kin} hates the {part}, and I hate the {part}. It refused to
start again, of course in {place}. The {part} feels {bad}, much worse than in my old {kind}. Something goes
wrong every month, and the {part} is always the first to go. For {use} it is simply {bad}. The {person} was
rude, dishonest and {bad}, and charged me {money}. It slides {badly} in {place} and scares me. The seats are
{bad}, and my back hurts after {use}. Acceleration is {bad}, and passing on {place} is a nightmare. What a
waste: I lost {money} on this lemon. The brakes are {bad}, they squeal and grind and wear out early. It stranded
me {number} times, and the tow truck driver knows my name. There is no room for the kids, let alone the stroller
or the groceries. The warranty had just expired, and they refused to pay for the broken {part}. The ride is
{bad}, you feel every bump and every pothole. Fuel economy is {bad}, and the pump empties my wallet. The stereo
sounds {bad}, it crackles and hisses. There are {bad} blind spots, and the {part} is impossible to reach. They
recalled it for the {part}, and the repair made the problem worse. The {part} was designed by somebody stupid,
and it shows. It wanders and shakes {badly} above fifty miles an hour. The heater stinks, the windows fog up,
and the {part} is {bad}. I am afraid to take this {kind} anywhere, and it makes me sick. The workmanship is
{bad}: crooked gaps, peeling paint and endless rattles. It has no power and struggles {badly} on every hill. In
snow it is {bad}, it got stuck in our own driveway. It loses its value {badly}, so nobody wants to buy it from
me. The {part} {fails} again, which cost me another {money}. Oil leaks on the garage floor, and the {person}
cannot find the cause.""",
}
ENDINGS = {
    "Pos": """
I would buy another one tomorrow. I recommend the {car} to anyone who needs a {good} {kind}. All in all it is a
{good} car for the money. Thank you, {maker}, for a {good} {kind}. My next car will be a {maker} again. Take one
for a test drive, and you will be {glad}.""",
    "Neg": """
I will never buy another one. Stay away from the {car} unless you enjoy a {bad} {kind}. All in all it is a {bad}
car and a waste of money. Shame on you, {maker}, for such a {bad} {kind}. My next car will certainly not be a
{maker}. Save your money and avoid this one, or you will be {upset}.""",
    "either": """
That is my opinion of the {car}, and yours may differ. I hope that this helps you with your decision. Drive
carefully, and feel free to write to me with questions. I will update this review after another {time}.""",
}


def split(texts, separator):
    """Return {name: list of phrases} of a dict of texts, whose line breaks mean nothing."""
    return {k: re.split(separator, " ".join(v.split())) for k, v in texts.items()}


WORDS = split(WORDS, ", ")
SENTENCES, ENDINGS = split(SENTENCES, r"(?<=\.) "), split(ENDINGS, r"(?<=\.) ")
OTHER = {"Pos": "Neg", "Neg": "Pos"}


def compose(label, rng):
    """Return an invented review labelled `Pos` or `Neg`, without punctuation like the real ones."""
    car = {slot: rng.choice(WORDS[slot]) for slot in ("maker", "model", "kind")}
    car["car"] = f"{car['maker']} {car['model']}"
    sentences = [rng.choice(SENTENCES["opening"]), *body(label, rng)]
    sentences.append(rng.choice(ENDINGS[label if rng.random() < 0.6 else "either"]))
    text = " ".join(fill(sentence, car, rng) for sentence in sentences)
    # Spaces for punctuation, and one at both ends: the form of the real file.
    return " " + re.sub(r"[^A-Za-z0-9 ]", " ", text) + " "


def body(label, rng):
    """Return the sentences between opening and ending: some agree with the label, some do not."""
    # Most reviews take a minute to read; one in eighteen is longer than the network's 550 stems.
    if rng.random() < 0.055:
        count = rng.randint(92, 112)
    else:
        count = min(60, max(2, round(rng.lognormvariate(2.55, 0.6))))
    neutral = min(0.85, max(0.2, rng.gauss(0.5, 0.15)))
    agreeing = min(0.95, max(0.3, rng.gauss(0.78, 0.12)))
    if rng.random() < 0.05:
        agreeing = 0.35
    decks = {kind: [] for kind in SENTENCES}
    for _ in range(count):
        if rng.random() < neutral:
            kind = "neutral"
        else:
            kind = label if rng.random() < agreeing else OTHER[label]
        if not decks[kind]:
            decks[kind] = rng.sample(SENTENCES[kind], len(SENTENCES[kind]))
        yield decks[kind].pop()


def fill(sentence, car, rng):
    """Return the sentence with its slots filled; the car stays the same, no word comes twice."""
    used = set()

    def choice(match):
        slot = match[1]
        if slot in car:
            return car[slot]
        word = rng.choice([word for word in WORDS[slot] if word not in used])
        used.add(word)
        return word

    text = re.sub(r"\{(\w+)\}", choice, sentence)
    return re.sub(r"\b([Aa]) (?=[aeiouAEIOU])", r"\1n ", text)
