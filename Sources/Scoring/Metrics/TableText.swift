// Tables as HTML text: found in a reply, made from Markdown or from a dictionary. The quirks are the public code's.

package enum TableText {
    /// What follows the first `<body` or, without one, the first `<table`; nil without either.
    package static func find(in reply: CodePoints) -> CodePoints? {
        let text = reply.removing("\n")
        let start = text.firstOffset(of: "<body") ?? text.firstOffset(of: "<table")
        return start.map { text[$0...] }
    }

    /// With the tags around it that are missing.
    package static func wrapped(_ table: CodePoints) -> CodePoints {
        var html = table.removing("\n")
        let (opens, closes) = (html.contains("<table"), html.contains("</table>"))
        if !opens { html = "<table>" + html }
        if !closes { html = html + "</table>" }
        if !html.contains("<body>") { html = "<body>" + html + "</body>" }
        if !html.contains("<html>") { html = "<html>" + html + "</html>" }
        return html
    }

    /// The first line and those from the third on as rows; a cell of blanks alone becomes one blank.
    package static func html(fromMarkdown markdown: CodePoints) -> CodePoints {
        // Not a prefix that is removed, but a set of letters at both ends.
        let lines = markdown.stripped(of: "```markdown").stripped(of: "```").stripped.split(on: "\n")
        var html: CodePoints = "<html><body><table>"
        for line in lines.prefix(1) + lines.dropFirst(2) {
            html = html + "<tr>"
            for cell in line.stripped.split(on: "|").dropFirst().dropLast() {
                let isBlank = !cell.isEmpty && cell.scalars.allSatisfy { $0 == " " }
                html = html + "<td>" + (isBlank ? " " : cell.stripped) + "</td>"
            }
            html = html + "</tr>"
        }
        return (html + "</table></body></html>").removing("\n")
    }

    /// A row of key and value for each member, the value with blanks between its code points.
    package static func html(from members: PythonDictionary) -> CodePoints {
        var html: CodePoints = "<html><body><table>\n"
        for (key, value) in members.pairs {
            let spaced = CodePoints.joined(value.str.scalars.map { CodePoints([$0]) }, by: " ")
            html = html + "  <tr><td>" + key.str + "</td><td>" + spaced + "</td></tr>\n"
        }
        return html + "</table></body></html>"
    }
}
