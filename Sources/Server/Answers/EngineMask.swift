// The engine's set of tokens, under a name of its own: the grammar has one too.

package import struct Engine.TokenMask

typealias EngineMask = TokenMask
