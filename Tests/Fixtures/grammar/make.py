# Makes schemas.json and patterns.json: random schemas with documents judged by jsonschema, and regular expressions with
# texts judged by re. Needs jsonschema and rfc3339-validator from PyPI.
#   python3 make.py            writes the two files
#   python3 make.py walks FILE checks the answers that a grammar made (see GrammarOracleTests)
import json, random, re, sys
from jsonschema import Draft202012Validator

rng = random.Random(20250725)
NAMES = ["name", "id", "größe", "a b", "x", "tags", 'quo"te', "n", "nested", "amount"]
WORDS = ["", "a", "ab", "Zürich", "日本", 'say "hi"', "tab\there", "line\nend", "\\", "x1", "2024-02-29", "😀", "12", "yes"]
PATTERNS = ["^[a-z]+$", "^\\d{2,4}$", "a", "^(yes|no)$", "^x", "é|ü", "[^a-z]$"]
FORMATS = ["date", "time", "date-time", "ipv4", "ipv6", "uuid", "email"]

def number(): return rng.choice([rng.randint(-20, 20), rng.randint(-2000, 2000), round(rng.uniform(-20, 20), rng.randint(1, 3))])

def string_schema():
    s = {"type": "string"}
    kind = rng.randrange(6)
    if kind == 1: s["minLength"] = rng.randint(0, 3)
    if kind in (1, 2): s["maxLength"] = rng.randint(3, 8)
    if kind == 3: s["pattern"] = rng.choice(PATTERNS)
    if kind == 4: s["format"] = rng.choice(FORMATS)
    if kind == 5: s.update(pattern=rng.choice(["^[a-z]+$", "a", "[^a-z]$"]), minLength=2, maxLength=6)
    return s

def number_schema():
    s = {"type": rng.choice(["integer", "number"])}
    if rng.random() < 0.6:
        low = number()
        s[rng.choice(["minimum", "exclusiveMinimum"])] = low
        if rng.random() < 0.6: s[rng.choice(["maximum", "exclusiveMaximum"])] = low + rng.choice([0.5, 1, 3, 17, 250, 1234])
    elif rng.random() < 0.3: s["maximum"] = number()
    return s

def schema(depth):
    kind = rng.randrange(12 if depth > 0 else 6)
    if kind <= 1: return string_schema()
    if kind <= 3: return number_schema()
    if kind == 4: return {"type": rng.choice(["boolean", "null", ["boolean", "null"], ["integer", "string"]])}
    if kind == 5: return rng.choice([{"enum": rng.sample(WORDS, 3) + [1, None, 2.5]}, {"const": rng.choice([1, "k", [1, {"a": "b"}], {"z": [], "a": 1}])}])
    if kind <= 8:
        names = rng.sample(NAMES, rng.randint(1, 4))
        s = {"type": "object", "properties": {n: schema(depth - 1) for n in names}}
        s["required"] = [n for n in names if rng.random() < 0.6]
        roll = rng.random()
        if roll < 0.3: s["additionalProperties"] = False
        elif roll < 0.5: s["additionalProperties"] = schema(0)
        return s
    if kind == 9:
        s = {"type": "array", "items": schema(depth - 1)}
        if rng.random() < 0.5: s["minItems"] = rng.randint(0, 2)
        if rng.random() < 0.5: s["maxItems"] = rng.randint(2, 4)
        if rng.random() < 0.3: s["prefixItems"] = [schema(0), schema(0)]
        return s
    if kind == 10: return {rng.choice(["anyOf"]): [schema(depth - 1), schema(depth - 1)]}
    return {"allOf": [{"type": "object", "properties": {"x": schema(0)}, "required": ["x"]},
                      {"properties": {"n": schema(depth - 1)}}]}

HAND = [
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {"v": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "required": ["v"], "additionalProperties": False}}},
    {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["next"], "additionalProperties": False},
    {"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}, "required": ["kind", "n"], "additionalProperties": False},
               {"type": "object", "properties": {"kind": {"const": "b"}, "s": {"type": "string"}}, "required": ["kind"], "additionalProperties": False}]},
    {"anyOf": [{"type": "object", "properties": {"p": {"type": "array", "items": {"type": "integer"}}, "q": {"type": "null"}}, "required": ["p", "q"], "additionalProperties": False},
               {"type": "object", "properties": {"p": {"type": "array", "items": {"type": "string"}}, "r": {"type": "boolean"}}, "required": ["p", "r"], "additionalProperties": False}]},
    {"type": "object"}, {}, True,
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2, "items": False},
    {"type": "number", "minimum": -1.25, "exclusiveMaximum": 3.5}, {"type": "integer", "minimum": -120, "maximum": 1005},
    {"type": "number", "exclusiveMinimum": 0, "maximum": 1}, {"type": "integer", "exclusiveMinimum": 9.5},
    {"type": "string", "minLength": 1, "maxLength": 3}, {"type": ["string", "null"], "enum": ["red", None, 3]},
]
for f in FORMATS: HAND.append({"type": "string", "format": f})

FORMATTED = {"date": ["2024-02-29", "2023-02-29", "1999-12-31", "2024-13-01", "2100-02-29", "2000-02-29"],
    "time": ["10:00:00Z", "23:59:59.5+01:00", "24:00:00Z", "10:00Z"], "date-time": ["2024-05-06T07:08:09Z", "2024-05-06 07:08:09Z", "2024-02-30T00:00:00Z"],
    "ipv4": ["1.2.3.4", "256.1.1.1", "01.2.3.4"], "ipv6": ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "1::2::3", "12345::"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000"], "email": ["a@b.com", "no at"]}

def sample(s, depth=4):
    """A document that may well be valid."""
    if s is True or s == {} or depth < 0: return rng.choice([1, "t", None, [], {"k": [True]}])
    if s is False: return None
    if "$ref" in s: return sample(HAND[0]["$defs"]["tree"] if s["$ref"] != "#" else HAND[1], depth - 1)
    for key in ("anyOf", "oneOf"):
        if key in s: return sample(rng.choice(s[key]), depth)
    if "allOf" in s:
        out = {}
        for part in s["allOf"]:
            v = sample({"type": "object", **part}, depth)
            out.update(v)
        return out
    if "enum" in s: return rng.choice(s["enum"])
    if "const" in s: return s["const"]
    t = s.get("type")
    if isinstance(t, list): t = rng.choice(t)
    if t == "null": return None
    if t == "boolean": return rng.random() < 0.5
    if t in ("integer", "number"):
        low = s.get("minimum", s.get("exclusiveMinimum")); high = s.get("maximum", s.get("exclusiveMaximum"))
        base = low if low is not None and rng.random() < 0.6 else high if high is not None and rng.random() < 0.7 else number()
        v = base + rng.choice([0, 0, 1, -1, 0.5, 2, 10])
        return int(v) if t == "integer" else v
    if t == "string":
        if "format" in s: return rng.choice(FORMATTED[s["format"]])
        return rng.choice(WORDS + ["abc", "yes", "1234", "abcdef", "éa", "aa-"])
    if t == "array":
        n = rng.randint(0, 4); prefix = s.get("prefixItems", [])
        return [sample(prefix[i] if i < len(prefix) else s.get("items", True), depth - 1) for i in range(n)]
    out = {}
    for n, p in s.get("properties", {}).items():
        if n in s.get("required", []) or rng.random() < 0.6: out[n] = sample(p, depth - 1)
    extra = s.get("additionalProperties", None if "properties" in s else True)
    if extra not in (None, False) and rng.random() < 0.5: out["zz" + str(rng.randint(0, 9))] = sample(extra, depth - 1)
    return out

def mutate(v):
    if isinstance(v, dict) and v and rng.random() < 0.7:
        k = rng.choice(list(v)); out = dict(v)
        if rng.random() < 0.4: del out[k]
        else: out[k] = mutate(v[k])
        return out
    if isinstance(v, list) and v and rng.random() < 0.7:
        out = list(v); i = rng.randrange(len(v)); out[i] = mutate(out[i]); return out
    return rng.choice([None, True, -7, 3.25, "zzz", [], {}, ["a"], {"q": 1}])

def closed(s, inAll=False):
    """The schema as Monocle reads it: where properties are named, silence about others forbids them."""
    if not isinstance(s, dict): return s
    out = dict(s)
    for key in ("anyOf", "oneOf"):
        if key in s: out[key] = [closed(m) for m in s[key]]
    for key in ("properties", "$defs"):
        if key in s: out[key] = {n: closed(m) for n, m in s[key].items()}
    for key in ("items", "additionalProperties"):
        if key in s: out[key] = closed(s[key])
    if "allOf" in s:
        out["allOf"] = [closed(m, True) for m in s["allOf"]]
        out["unevaluatedProperties"] = False
    elif "properties" in s and "additionalProperties" not in s and not inAll: out["additionalProperties"] = False
    return out

def judge(s, v): return Draft202012Validator(s, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(v)

def make():
    cases = []
    for s in HAND + [schema(3) for _ in range(260)]:
        Draft202012Validator.check_schema(s)
        docs = []
        for _ in range(14):
            v = sample(s)
            if rng.random() < 0.5: v = mutate(v)
            docs.append([json.dumps(v, ensure_ascii=False), judge(closed(s), v)])
        cases.append({"schema": json.dumps(s, ensure_ascii=False), "documents": docs})
    json.dump(cases, open("schemas.json", "w"), ensure_ascii=False, separators=(",", ":"))
    patterns = []
    def rx(depth):
        k = rng.randrange(9 if depth else 4)
        if k == 0: return rng.choice("abcé1 ")
        if k == 1: return rng.choice(["[a-c]", "[^a]", "\\d", "\\w", "\\s", ".", "[é-ü0-3_]", "\\D", "\\W", "\\S", "\\.", "\\u00e9", "日"])
        if k in (2, 3): return rng.choice("abc") + rng.choice("abc1")
        if k == 4: return "(" + rx(depth - 1) + "|" + rx(depth - 1) + ")"
        if k == 5: return "(?:" + rx(depth - 1) + ")" + rng.choice(["*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{2,}", "{0,2}?"])
        if k == 6: return rx(depth - 1) + rx(depth - 1)
        if k == 7: return "(" + rx(depth - 1) + rx(depth - 1) + ")" + rng.choice(["?", "{0,1}", "{2}"])
        return rx(depth - 1) + "|" + rx(depth - 1)
    letters = "abcé1 ü_.日-"
    for _ in range(400):
        p = rx(4)
        try: c = re.compile(p, re.ASCII)
        except re.error: continue
        texts = [""] + ["".join(rng.choice(letters) for _ in range(rng.randint(1, 7))) for _ in range(24)]
        texts += ["".join(rng.choice("abc1") for _ in range(rng.randint(1, 4))) for _ in range(12)]
        patterns.append({"pattern": p, "texts": [[t, c.fullmatch(t) is not None] for t in texts]})
    json.dump(patterns, open("patterns.json", "w"), ensure_ascii=False, separators=(",", ":"))
    print(len(cases), "schemas", sum(d[1] for c in cases for d in c["documents"]), "valid of", sum(len(c["documents"]) for c in cases))
    print(len(patterns), "patterns", sum(t[1] for p in patterns for t in p["texts"]), "matches of", sum(len(p["texts"]) for p in patterns))

def walks(path):
    """Every line: a schema, a tab, an answer; both as JSON strings."""
    count = bad = 0
    for line in open(path, encoding="utf-8"):
        s, answer = line.rstrip("\n").split("\t")
        count += 1
        text = json.loads(answer)
        try: ok = judge(json.loads(json.loads(s)), json.loads(text))
        except ValueError: ok = False
        if not ok:
            bad += 1
            if bad < 20: print("INVALID", s, text)
    print(count, "answers,", bad, "invalid")
    sys.exit(bad != 0)

if sys.argv[1:2] == ["walks"]: walks(sys.argv[2])
else: make()
