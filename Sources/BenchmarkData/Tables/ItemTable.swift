// Rows of a downloaded file and their images. Knows columns by name, no benchmark.

package import Foundation
package import Imaging
package import Scoring

/// Rows by place. Reading one touches only that row, however large the file is.
package protocol ItemTable: Sendable {
    var identity: DataIdentity { get }
    /// What relative paths start from.
    var folder: URL { get }
    var count: Int { get }

    func row(at index: Int) throws(RowFault) -> TableRow

    /// Its images in order; empty where it names none.
    func images(of row: TableRow) throws(RowFault) -> [ImageSource]

    /// The texts of a column that is short in every row: empty where a row has no such cell, nil where it cannot be read.
    func texts(of column: String) -> [String?]
}

package struct TableRow: Sendable {
    /// Counted from 1, the header left out.
    package let number: Int
    /// Cells that hold something, images left out.
    package let values: [String: PythonValue]
    /// The cell `image` of a table of text.
    let encodedImages: [UInt8]

    init(number: Int, values: [String: PythonValue], encodedImages: [UInt8] = []) {
        self.number = number
        self.values = values
        self.encodedImages = encodedImages
    }

    /// The first of these columns that the row has, as text: numbers as Python writes them.
    package func text(_ names: String...) -> String? {
        for name in names {
            if let value = values[name], value != .none { return value.str.text }
        }
        return nil
    }

    /// The first of these columns that the row has.
    package func value(_ names: String...) -> PythonValue? {
        for name in names {
            if let value = values[name], value != .none { return value }
        }
        return nil
    }

    /// The first of these columns as a list: a list, or a text that is the literal of one; any other text is a list of one.
    package func list(_ names: String...) -> [PythonValue]? {
        for name in names {
            guard let value = values[name], value != .none else { continue }
            if let elements = value.elements { return elements }
            guard let text = value.text else { return [value] }
            if text.scalars.first == "[", let elements = (try? PythonLiteral.parse(text))?.elements { return elements }
            return [value]
        }
        return nil
    }
}

/// Why a row cannot be asked about.
package struct RowFault: Error, Equatable {
    /// Names the row.
    package let reason: String

    package init(row number: Int, _ reason: String) { self.reason = "row \(number): \(reason)" }
}
