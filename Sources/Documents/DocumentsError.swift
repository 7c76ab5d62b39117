// What can go wrong while drawing or writing documents, in words for people.

package enum DocumentsError: Error, Equatable, CustomStringConvertible {
    /// Font families that are not installed, with the Debian packages that hold them.
    case missingFonts(families: [String], packages: [String])
    case badOption(name: String, found: String, expected: String)
    /// No attempt gave a page on which every text fits.
    case doesNotFit(family: Family, width: Int, height: Int, attempts: Int)
    case drawing(status: String)
    case folderNotEmpty(path: String)
    case unwritable(path: String, reason: String)

    package var description: String {
        switch self {
        case .missingFonts(let families, let packages):
            "documents need fonts that are not installed: \(families.joined(separator: ", ")); "
                + "install them with: apt-get install \(packages.joined(separator: " "))"
        case .badOption(let name, let found, let expected):
            "\(name) is \(found); expected \(expected)"
        case .doesNotFit(let family, let width, let height, let attempts):
            "no \(family.rawValue) document fits \(width) x \(height) pixels (\(attempts) attempts): use larger tiles"
        case .drawing(let status):
            "Cairo could not draw a document: \(status)"
        case .folderNotEmpty(let path):
            "\(path) holds files already; name a folder that is empty or does not exist"
        case .unwritable(let path, let reason):
            "cannot write \(path): \(reason)"
        }
    }
}
