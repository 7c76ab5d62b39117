// The one table of fonts and layouts by split: what validation and test show that training never does.

/// A font family by its fontconfig name, the Debian package that holds it, and the only split that uses it.
package struct DocumentFont: Hashable, Sendable {
    package let name: String
    package let aptPackage: String
    package let split: Split
}

/// An arrangement of one family on the page.
package enum Layout: String, CaseIterable, Sendable {
    case leftLines, centredLines, framedLines, bandLines
    case colonForm, columnForm, boxedForm, dottedForm, cardForm
    case receiptRoll, gridTable, stripedTable, ruledTable
    case bars, curve, pie, horizontalBars, lollipops, ring
    case scattered, gridded, chain, circleOfShapes, columnOfShapes
    case dialog, settings, telephone, browser
    case plainParagraph, titledParagraph, twoColumns, bulleted
    case cardFrames, captionFrames, headerFrames, cornerFrames
    case tillRoll, tillTimes, tillColumns, tillCounts, tillGrid
}

package enum Looks {
    /// Every font belongs to exactly one split.
    package static let fonts: [DocumentFont] = [
        DocumentFont(name: "DejaVu Sans", aptPackage: "fonts-dejavu-core", split: .train),
        DocumentFont(name: "DejaVu Serif", aptPackage: "fonts-dejavu-core", split: .train),
        DocumentFont(name: "DejaVu Sans Mono", aptPackage: "fonts-dejavu-core", split: .train),
        DocumentFont(name: "Liberation Sans", aptPackage: "fonts-liberation", split: .train),
        DocumentFont(name: "Liberation Serif", aptPackage: "fonts-liberation", split: .train),
        DocumentFont(name: "Liberation Mono", aptPackage: "fonts-liberation", split: .train),
        DocumentFont(name: "Roboto", aptPackage: "fonts-roboto-unhinted", split: .train),
        DocumentFont(name: "Carlito", aptPackage: "fonts-crosextra-carlito", split: .validation),
        DocumentFont(name: "Linux Libertine O", aptPackage: "fonts-linuxlibertine", split: .validation),
        DocumentFont(name: "Open Sans", aptPackage: "fonts-open-sans", split: .test),
        DocumentFont(name: "Caladea", aptPackage: "fonts-crosextra-caladea", split: .test),
        DocumentFont(name: "Inconsolata", aptPackage: "fonts-inconsolata", split: .test),
    ]

    /// Every layout belongs to one family and exactly one split.
    package static let layouts: [(layout: Layout, family: Family, split: Split)] = [
        (.leftLines, .lines, .train), (.centredLines, .lines, .train),
        (.framedLines, .lines, .validation), (.bandLines, .lines, .test),
        (.colonForm, .form, .train), (.columnForm, .form, .train), (.boxedForm, .form, .train),
        (.dottedForm, .form, .validation), (.cardForm, .form, .test),
        (.receiptRoll, .receipt, .train), (.gridTable, .receipt, .train),
        (.stripedTable, .receipt, .validation), (.ruledTable, .receipt, .test),
        (.bars, .chart, .train), (.curve, .chart, .train), (.pie, .chart, .train),
        (.horizontalBars, .chart, .validation), (.lollipops, .chart, .test), (.ring, .chart, .test),
        (.scattered, .diagram, .train), (.gridded, .diagram, .train), (.chain, .diagram, .train),
        (.circleOfShapes, .diagram, .validation), (.columnOfShapes, .diagram, .test),
        (.dialog, .screen, .train), (.settings, .screen, .train),
        (.telephone, .screen, .validation), (.browser, .screen, .test),
        (.plainParagraph, .paragraph, .train), (.titledParagraph, .paragraph, .train),
        (.twoColumns, .paragraph, .validation), (.bulleted, .paragraph, .test),
        (.cardFrames, .video, .train), (.captionFrames, .video, .train),
        (.headerFrames, .video, .validation), (.cornerFrames, .video, .test),
        (.tillRoll, .till, .train), (.tillTimes, .till, .train), (.tillColumns, .till, .train),
        (.tillCounts, .till, .validation), (.tillGrid, .till, .test),
    ]

    package static func fonts(of split: Split) -> [DocumentFont] { fonts.filter { $0.split == split } }

    package static func layouts(of family: Family, _ split: Split) -> [Layout] {
        layouts.filter { $0.family == family && $0.split == split }.map(\.layout)
    }

    /// Throws `missingFonts` with the packages to install when `isInstalled` denies any font of `split`.
    package static func check(_ split: Split, isInstalled: (String) -> Bool) throws(DocumentsError) {
        let missing = fonts(of: split).filter { !isInstalled($0.name) }
        guard missing.isEmpty else {
            throw .missingFonts(
                families: missing.map(\.name), packages: Set(missing.map(\.aptPackage)).sorted())
        }
    }
}
