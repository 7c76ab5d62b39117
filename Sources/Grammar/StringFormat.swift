// The `format`s of strings as regular expressions. Knows no schema.

enum StringFormat {
    /// Expressions by name; each matches the whole string. They take a part of what the standards allow, never more.
    static let expressions: [String: String] = [
        "date": date, "time": time, "date-time": date + "T" + time, "duration": duration,
        "email": "\(mailbox)(\\.\(mailbox)){0,3}@\(label)(\\.\(label)){1,3}",
        "hostname": "\(label)(\\.\(label)){0,3}",
        "ipv4": ipv4, "ipv6": ipv6,
        "uuid": "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "uri": uri,
    ]

    static let names = expressions.keys.sorted().joined(separator: ", ")

    // Days that are on the calendar, years 0001...9999 (RFC 3339 by way of ISO 8601).
    private static let year = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
    private static let leapYear = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26]|0[48])00)"
    private static let date =
        "(\(year)-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
        + "|02-(0[1-9]|1[0-9]|2[0-8]))|\(leapYear)-02-29)"
    private static let time =
        "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"

    private static let clock = "T([0-9]{1,9}H([0-9]{1,9}M([0-9]{1,9}S)?)?|[0-9]{1,9}M([0-9]{1,9}S)?|[0-9]{1,9}S)"
    private static let days = "([0-9]{1,9}Y([0-9]{1,9}M([0-9]{1,9}D)?)?|[0-9]{1,9}M([0-9]{1,9}D)?|[0-9]{1,9}D)"
    private static let duration = "P([0-9]{1,9}W|\(days)(\(clock))?|\(clock))"

    private static let mailbox = "[A-Za-z0-9_+-]{1,16}"
    private static let label = "[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?"

    private static let octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    private static let ipv4 = "\(octet)(\\.\(octet)){3}"
    private static let group = "[0-9a-fA-F]{1,4}"
    private static let ipv6: String = {
        // Eight groups, or fewer with one '::' for at least one group of zeros.
        var forms = ["\(group)(:\(group)){7}"]
        for before in 0...7 {
            let head = before == 0 ? "" : "\(group)(:\(group)){\(before - 1)}"
            let room = 7 - before
            let tail = room == 0 ? "" : "(\(group)(:\(group)){0,\(room - 1)})?"
            forms.append(head + "::" + tail)
        }
        return "(" + forms.joined(separator: "|") + ")"
    }()
    private static let uriCharacter = "([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
    private static let uri =
        "[A-Za-z][A-Za-z0-9+.-]*:\(uriCharacter)+(\\?(\(uriCharacter)|\\?)*)?(#(\(uriCharacter)|\\?)*)?"
}
