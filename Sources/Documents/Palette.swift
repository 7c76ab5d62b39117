// Colours: named ones for shapes and marks, and ink on paper by level. Knows nothing of pages.

package struct Colour: Sendable, Equatable {
    var red: Double
    var green: Double
    var blue: Double

    init(_ red: Int, _ green: Int, _ blue: Int) {
        self.red = Double(red) / 255
        self.green = Double(green) / 255
        self.blue = Double(blue) / 255
    }

    /// Luma of ITU-R BT.601, 0...1.
    var luma: Double { 0.299 * red + 0.587 * green + 0.114 * blue }

    /// Black or white, whichever can be read on this colour.
    var legibleInk: Colour { luma > 0.5 ? Colour(15, 15, 15) : Colour(250, 250, 250) }

    /// This colour moved towards `other` by `share` (0...1).
    func mixed(with other: Colour, _ share: Double) -> Colour {
        var result = self
        result.red += (other.red - red) * share
        result.green += (other.green - green) * share
        result.blue += (other.blue - blue) * share
        return result
    }
}

struct NamedColour: Sendable, Equatable {
    let name: String
    let colour: Colour

    /// Far enough apart to be named without doubt, noise included.
    static let all = [
        NamedColour(name: "red", colour: Colour(208, 36, 36)), NamedColour(name: "green", colour: Colour(34, 150, 60)),
        NamedColour(name: "blue", colour: Colour(40, 70, 212)),
        NamedColour(name: "yellow", colour: Colour(236, 200, 20)),
        NamedColour(name: "purple", colour: Colour(136, 40, 160)),
        NamedColour(name: "orange", colour: Colour(242, 128, 16)),
        NamedColour(name: "black", colour: Colour(20, 20, 20)),
        NamedColour(name: "gray", colour: Colour(128, 128, 128)),
    ]
}

/// Ink on paper. The luma between them is at least 0.6 up to level 1 and falls to 0.35 at level 4.
struct Palette: Sendable {
    let paper: Colour
    let ink: Colour

    /// `isLight` keeps the paper near white, where named colours lie on it.
    init(level: Int, isLight: Bool, dice: inout Dice) {
        let least = level <= 1 ? 0.6 : 0.6 - 0.25 * Double(level - 1) / 3
        let white = dice.int(222...255)
        let pale = Colour(white, white - dice.int(0...14), white - dice.int(0...18))
        let isDark = !isLight && level >= 2 && dice.chance(0.15)
        let deep = Colour(dice.int(0...60), dice.int(0...60), dice.int(0...75))
        let faint = level >= 2 && dice.chance(0.3)
        let near = isDark ? deep : pale
        let far = isDark ? pale : deep
        let distance = abs(near.luma - far.luma)
        let share = faint && distance > least ? dice.real(0...1 - least / distance) : 0
        paper = near
        ink = far.mixed(with: near, share)
    }
}
