// Asks fontconfig whether a font family is installed. Knows no list of fonts.

import CCairo

package enum InstalledFonts {
    /// Whether fontconfig's best match for `family` is that family itself and no substitute.
    package static func contains(_ family: String) -> Bool {
        guard let pattern = FcPatternCreate() else { return false }
        defer { FcPatternDestroy(pattern) }
        _ = family.withCString { name in
            name.withMemoryRebound(to: FcChar8.self, capacity: family.utf8.count + 1) {
                FcPatternAddString(pattern, FC_FAMILY, $0)
            }
        }
        _ = FcConfigSubstitute(nil, pattern, FcMatchPattern)
        FcDefaultSubstitute(pattern)
        var result = FcResultMatch
        guard let match = FcFontMatch(nil, pattern, &result) else { return false }
        defer { FcPatternDestroy(match) }
        var index: Int32 = 0
        var value: UnsafeMutablePointer<FcChar8>?
        while FcPatternGetString(match, FC_FAMILY, index, &value) == FcResultMatch, let name = value {
            if String(cString: name) == family { return true }
            index += 1
        }
        return false
    }
}
