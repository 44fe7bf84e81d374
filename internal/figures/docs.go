package main

import (
	"go/ast"
	"slices"
)

// undocumented counts the exported names of the program without a comment: functions,
// types, methods of exported types, and the groups of variables and constants.
func (t *tree) undocumented() figure {
	var names []string
	t.decls(all, func(_ *file, d ast.Decl) {
		switch d := d.(type) {
		case *ast.FuncDecl:
			r := receiver(d)
			if d.Name.IsExported() && (r == "" || ast.IsExported(r)) && d.Doc == nil {
				names = append(names, t.at(d)+" "+declared(d))
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if name := bare(d, s); name != "" {
					names = append(names, t.at(s)+" "+name)
				}
			}
		}
	})
	return counted("exported names without documentation", names)
}

// bare is the exported name in s that no comment is about, "" for none.
func bare(d *ast.GenDecl, s ast.Spec) string {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
			return s.Name.Name
		}
	case *ast.ValueSpec:
		if d.Doc == nil && s.Doc == nil && s.Comment == nil && s.Names[0].IsExported() {
			return s.Names[0].Name
		}
	}
	return ""
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
