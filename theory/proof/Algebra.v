(** * Identities in normed spaces

    Coquelicot's normed modules over [R] have no tactic of their own.  [module V] decides an
    identity between expressions made of [plus], [minus], [opp], [zero] and [scal]: it reads both
    sides as linear combinations of their atoms ([mexp], [meval]) and hands the equality of the
    coefficients to [ring]; [module_field V] hands it to [field].  Soundness is [mall_eq].

    Also here: iteration and partial sums. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Export Spaces.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Linear combinations of atoms, and what they evaluate to *)
Section Mod.
Variable V : NM.
Inductive mexp := MZ | MV (n : nat) | MP (a b : mexp) | MO (a : mexp) | MS (k : R) (a : mexp).
Fixpoint meval (l : list V) (e : mexp) : V :=
  match e with
  | MZ => zero | MV n => nth n l zero
  | MP a b => plus (meval l a) (meval l b)
  | MO a => opp (meval l a)
  | MS k a => scal k (meval l a) end.
Fixpoint mcoef (e : mexp) (i : nat) : R :=
  match e with
  | MZ => 0 | MV n => if Nat.eqb n i then 1 else 0
  | MP a b => mcoef a i + mcoef b i
  | MO a => - mcoef a i
  | MS k a => k * mcoef a i end.
Fixpoint lin (l : list V) (c : nat -> R) (i : nat) : V :=
  match l with nil => zero | x :: l' => plus (scal (c i) x) (lin l' c (S i)) end.

(* Coquelicot's laws, with scalars that [ring] reads as real numbers. *)
Lemma sc0 (x : V) : scal (0 : R_AbsRing) x = zero.
Proof. exact (scal_zero_l x). Qed.
Lemma sc1 (x : V) : scal (1 : R_AbsRing) x = x.
Proof. exact (scal_one x). Qed.
Lemma scP (a b : R) (x : V) : scal (a + b : R_AbsRing) x = plus (scal (a : R_AbsRing) x) (scal (b : R_AbsRing) x).
Proof. exact (scal_distr_r (a : R_AbsRing) (b : R_AbsRing) x). Qed.
Lemma scD (a : R) (x y : V) : scal (a : R_AbsRing) (plus x y) = plus (scal (a : R_AbsRing) x) (scal (a : R_AbsRing) y).
Proof. exact (scal_distr_l (a : R_AbsRing) x y). Qed.
Lemma scA (a b : R) (x : V) : scal (a * b : R_AbsRing) x = scal (a : R_AbsRing) (scal (b : R_AbsRing) x).
Proof. symmetry; exact (scal_assoc (a : R_AbsRing) (b : R_AbsRing) x). Qed.
Lemma scZ (k : R) : scal (k : R_AbsRing) (zero : V) = zero.
Proof. exact (scal_zero_r (V:=V) (k : R_AbsRing)). Qed.
Lemma sc_zero (k : R) : scal (k : R_AbsRing) (zero : V) = zero.
Proof. exact (scZ k). Qed.
Lemma scO (x : V) : scal (-1 : R_AbsRing) x = opp x.
Proof. replace (-1) with (@opp R_AbsRing 1) by (cbv; ring). exact (scal_opp_one x). Qed.
Lemma lin_ext l c d i : (forall j, c j = d j) -> lin l c i = lin l d i.
Proof.
intros H; revert i; induction l as [|x l IH]; intros i; simpl; auto.
now rewrite H, IH.
Qed.
Lemma lin_0 l c i : (forall j, (i <= j)%nat -> c j = 0) -> lin l c i = zero.
Proof.
revert i; induction l as [|x l IH]; intros i H; simpl; auto.
rewrite H by lia. rewrite IH by (intros; apply H; lia).
now rewrite sc0, plus_zero_l.
Qed.
Lemma lin_plus l c d i : lin l (fun j => c j + d j) i = plus (lin l c i) (lin l d i).
Proof.
revert i; induction l as [|x l IH]; intros i; simpl.
now rewrite plus_zero_l.
rewrite IH, scP.
rewrite <- !plus_assoc. apply f_equal.
rewrite !plus_assoc. apply (f_equal (fun z => plus z _)). apply plus_comm.
Qed.
Lemma lin_scal l k c i : lin l (fun j => k * c j) i = scal k (lin l c i).
Proof.
revert i; induction l as [|x l IH]; intros i; simpl.
now rewrite scZ.
now rewrite IH, scD, scA.
Qed.
Lemma lin_var l n i : lin l (fun j => if Nat.eqb (i + n) j then 1 else 0) i = nth n l zero.
Proof.
revert n i; induction l as [|x l IH]; intros n i; simpl.
now destruct n.
destruct n as [|n].
rewrite Nat.add_0_r, Nat.eqb_refl, lin_0.
now rewrite sc1, plus_zero_r.
intros j Hj. replace (Nat.eqb i j) with false; auto.
symmetry; apply Nat.eqb_neq; lia.
replace (Nat.eqb (i + S n) i) with false by (symmetry; apply Nat.eqb_neq; lia).
rewrite sc0, plus_zero_l, <- (IH n (S i)).
apply lin_ext; intros j. now replace (i + S n)%nat with (S i + n)%nat by lia.
Qed.
(* An expression is the combination of its atoms with the coefficients of [mcoef]. *)
Lemma meval_lin l e : meval l e = lin l (mcoef e) 0.
Proof.
induction e; simpl.
now rewrite lin_0.
symmetry; apply (lin_var l n 0).
now rewrite IHe1, IHe2, lin_plus.
rewrite IHe, (lin_ext l (fun i => - mcoef e i) (fun i => -1 * mcoef e i)) by (intros; ring).
now rewrite lin_scal, scO.
now rewrite IHe, lin_scal.
Qed.
Fixpoint mall (l : list V) (c d : nat -> R) (i : nat) : Prop :=
  match l with nil => True | _ :: l' => c i = d i /\ mall l' c d (S i) end.
Lemma mall_eq l e1 e2 : mall l (mcoef e1) (mcoef e2) 0 -> meval l e1 = meval l e2.
Proof.
rewrite !meval_lin. generalize (mcoef e1) (mcoef e2) 0%nat.
induction l as [|x l IH]; intros c d i; simpl; auto.
intros [H1 H2]. now rewrite H1, (IH _ _ _ H2).
Qed.
End Mod.

(** ** Reading an expression *)

Ltac m_in x l := match l with nil => false | cons x _ => true | cons _ ?l' => m_in x l' end.
Ltac m_add x l := let b := m_in x l in match b with true => l | false => constr:(cons x l) end.
Ltac m_idx x l := match l with cons x _ => constr:(O) | cons _ ?l' => let n := m_idx x l' in constr:(S n) end.
Ltac m_vars e l :=
  match e with
  | @zero _ => l
  | @plus _ ?a ?b => let l1 := m_vars a l in m_vars b l1
  | @minus _ ?a ?b => let l1 := m_vars a l in m_vars b l1
  | @opp _ ?a => m_vars a l
  | @scal _ _ _ ?a => m_vars a l
  | _ => m_add e l
  end.
Ltac m_reify e l :=
  match e with
  | @zero _ => constr:(MZ)
  | @plus _ ?a ?b => let x := m_reify a l in let y := m_reify b l in constr:(MP x y)
  | @minus _ ?a ?b => let x := m_reify a l in let y := m_reify b l in constr:(MP x (MO y))
  | @opp _ ?a => let x := m_reify a l in constr:(MO x)
  | @scal _ _ ?k ?a => let x := m_reify a l in constr:(MS k x)
  | _ => let n := m_idx e l in constr:(MV n)
  end.
Ltac to_R := change (@mult R_AbsRing) with Rmult in *; change (@mult R_Ring) with Rmult in *;
  change (@plus R_AbelianGroup) with Rplus in *; change (@opp R_AbelianGroup) with Ropp in *;
  change (@zero R_AbelianGroup) with 0 in *; change (@one R_Ring) with 1 in *.
Ltac module_with V tac :=
  match goal with |- ?a = ?b =>
    let l0 := m_vars a (@nil (NormedModule.sort R_AbsRing V)) in
    let l := m_vars b l0 in
    let x := m_reify a l in let y := m_reify b l in
    change (@meval V l x = @meval V l y);
    apply mall_eq; cbn -[Rmult Rplus Ropp Rinv Rdiv]; repeat split; tac
  end.
Ltac module V := module_with V ltac:(try (unfold Rdiv; ring)).
Ltac module_field V := module_with V ltac:(try (field; auto)).

Goal forall (V : NM) (x y : V) (k : R), minus (scal k (plus x y)) (scal k y) = plus x (scal (k - 1) x).
Proof. intros. module V. Qed.

(** In a real normed space the norm is homogeneous, not only submultiplicative. *)
Lemma norm_scal_R (V : NM) (k : R) (x : V) : norm (scal (k : R_AbsRing) x) = Rabs k * norm x.
Proof.
apply Rle_antisym. apply (norm_scal (k : R_AbsRing) x).
destruct (Req_dec k 0) as [->|Hk].
rewrite Rabs_R0, Rmult_0_l. apply norm_ge_0.
assert (E : x = scal (/ k : R_AbsRing) (scal (k : R_AbsRing) x)) by module_field V.
rewrite E at 1.
apply Rle_trans with (Rabs k * (Rabs (/ k) * norm (scal (k : R_AbsRing) x))).
apply Rmult_le_compat_l. apply Rabs_pos. apply (norm_scal (/ k : R_AbsRing)).
rewrite <- Rmult_assoc, <- Rabs_mult, Rinv_r, Rabs_R1; auto. lra.
Qed.

Lemma iterate_ext {V : Type} (M N : V -> V) t x : (forall y, M y = N y) -> iterate M t x = iterate N t x.
Proof. intros H; induction t; simpl; congruence. Qed.
