(** * The powers of the modified Jacobian as functions of kappa

    Algebra for [OrderOfLimits.v]: [kappa |-> (J + kappa B C)^t g] is a polynomial.
    Here: when it is constant, its derivative at 0, and what can be said of a
    kappa at which it is close to its value at 0. *)
From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LinearResponse.
Set Implicit Arguments.
Open Scope R_scope.

Section ModifiedJacobian.
Variables State Param : NM.
Variables (J : State -> State) (B : Param -> State) (C : State -> Param).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis C_linear : is_linear C.
Variable g : State.
Local Notation M kappa := (modified_jacobian J B C kappa).

Lemma iterate_linear (t : nat) : is_linear (iterate J t).
Proof.
induction t as [|t IH]. apply is_linear_id.
exact (@is_linear_comp R_AbsRing State State State (iterate J t) J IH J_linear).
Qed.

(** If [C J^i g = 0] for every [i < t], kappa is invisible up to step [t] ... *)
Lemma kappa_invisible t : (forall i, (i < t)%nat -> C (iterate J i g) = zero) ->
  forall j, (j <= t)%nat -> forall kappa, iterate (M kappa) j g = iterate J j g.
Proof.
intros H j. induction j as [|j IH]; intros Hj kappa. reflexivity.
simpl. rewrite IH by lia. unfold modified_jacobian. rewrite H by lia.
assert (E : B zero = zero) by exact (linear_zero B B_linear). rewrite E. module State.
Qed.

(** The first kappa-term, [sum over i + j = t - 1 of J^i B C J^j g]. *)
Fixpoint first_kappa_term (t : nat) : State :=
  match t with
  | O => zero
  | S t => plus (J (first_kappa_term t)) (B (C (iterate J t g)))
  end.
Lemma first_kappa_term_sum t :
  first_kappa_term (1 + t) = sum_n (fun i => iterate J i (B (C (iterate J (t - i) g)))) t.
Proof.
induction t as [|t IH].
- rewrite sum_O. simpl. assert (E : J zero = zero) by exact (linear_zero J J_linear). rewrite E. module State.
- change (first_kappa_term (1 + Datatypes.S t)) with (plus (J (first_kappa_term (1 + t))) (B (C (iterate J (1 + t) g)))).
  rewrite IH.
  assert (E : forall n, J (sum_n (fun i => iterate J i (B (C (iterate J (t - i) g)))) n) = sum_n (fun i => iterate J (Datatypes.S i) (B (C (iterate J (t - i) g)))) n).
  { induction n as [|n IHn]. now rewrite !sum_O.
    rewrite !sum_Sn. etransitivity. exact (linear_plus J J_linear _ _). now rewrite IHn. }
  rewrite E. clear E.
  set (a := fun i => iterate J i (B (C (iterate J (Datatypes.S t - i) g)))).
  change (plus (sum_n (fun i => a (Datatypes.S i)) t) (a 0%nat) = sum_n a (Datatypes.S t)).
  unfold sum_n. rewrite (@sum_Sn_m State a 0 (Datatypes.S t)) by lia. rewrite <- sum_n_m_S. apply plus_comm.
Qed.

(** [(J + kappa B C)^t g = J^t g + kappa * first_kappa_term + kappa^2 * remainder]. *)
Fixpoint remainder (kappa : R) (t : nat) : State :=
  match t with
  | O => zero
  | S t => plus (M kappa (remainder kappa t)) (B (C (first_kappa_term t)))
  end.
Lemma kappa_expansion kappa t :
  iterate (M kappa) t g = plus (plus (iterate J t g) (scal (kappa : R_AbsRing) (first_kappa_term t)))
                             (scal (kappa * kappa : R_AbsRing) (remainder kappa t)).
Proof.
induction t as [|t IH]; simpl. module State.
rewrite IH.
assert (EP := @modified_jacobian_plus State Param J B C J_linear B_linear C_linear kappa).
assert (Lc : forall k y, M kappa (scal (k : R_AbsRing) y) = scal (k : R_AbsRing) (M kappa y)).
{ intros k y. unfold modified_jacobian.
  assert (E1 : J (scal (k : R_AbsRing) y) = scal (k : R_AbsRing) (J y)) by exact (linear_scal J J_linear _ _).
  assert (E2 : C (scal (k : R_AbsRing) y) = scal (k : R_AbsRing) (C y)) by exact (linear_scal C C_linear _ _).
  assert (E3 : B (scal (k : R_AbsRing) (C y)) = scal (k : R_AbsRing) (B (C y))) by exact (linear_scal B B_linear _ _).
  rewrite E1, E2, E3. module State. }
rewrite !EP, !Lc. unfold modified_jacobian. module State.
Qed.
Lemma remainder_bounded t : exists r, 0 <= r /\ forall kappa, Rabs kappa <= 1 -> norm (remainder kappa t) <= r.
Proof.
destruct J_linear as [_ _ [a [a0 Ha]]]. destruct B_linear as [_ _ [b [b0 Hb]]]. destruct C_linear as [_ _ [c [c0 Hc]]].
induction t as [|t [r [r0 Hr]]]; simpl.
- exists 0. split. lra. intros kappa _. rewrite norm_zero. lra.
- exists ((a * r + b * (c * r)) + norm (B (C (first_kappa_term t)))). split.
  { apply Rplus_le_le_0_compat. apply Rplus_le_le_0_compat; repeat apply Rmult_le_pos; lra. apply norm_ge_0. }
  intros kappa Hk. assert (Hrk := Hr kappa Hk).
  eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat_r. unfold modified_jacobian.
  eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat.
  + eapply Rle_trans. apply Ha. apply Rmult_le_compat_l; lra.
  + eapply Rle_trans. right; apply norm_scal_R.
    apply Rle_trans with (1 * (b * (c * r))). 2: lra.
    apply Rmult_le_compat. apply Rabs_pos. apply norm_ge_0. exact Hk.
    eapply Rle_trans. apply Hb. apply Rmult_le_compat_l. lra.
    eapply Rle_trans. apply Hc. apply Rmult_le_compat_l; lra.
Qed.

(** If a linear reading [P] of the first kappa-term does not vanish, then neither does
    the reading of [(J + kappa B C)^t g - J^t g] for small [kappa <> 0]. *)
Lemma visible_nearby (V : NM) (P : State -> V) t : is_linear P -> P (first_kappa_term t) <> zero ->
  exists K : posreal, forall kappa, kappa <> 0 -> Rabs kappa <= K -> P (iterate (M kappa) t g) <> P (iterate J t g).
Proof.
intros HP Hne. destruct (remainder_bounded t) as [r [r0 Hr]].
assert (HP' := HP). destruct HP' as [P1 P2 [p [p0 Hp]]].
assert (N := norm_gt_0 _ Hne). set (n := norm (P (first_kappa_term t))) in *.
assert (K0 : 0 < Rmin 1 (n / (p * r + 1) / 2)).
{ apply Rmin_case. lra. assert (0 < n / (p * r + 1)) by (apply Rdiv_lt_0_compat; auto; nra). lra. }
exists (mkposreal _ K0). simpl. intros kappa Hk Hkb E.
assert (Hk1 : Rabs kappa <= 1) by (eapply Rle_trans; [exact Hkb | apply Rmin_l]).
assert (Hk2 : Rabs kappa <= n / (p * r + 1) / 2) by (eapply Rle_trans; [exact Hkb | apply Rmin_r]).
rewrite kappa_expansion in E.
assert (E1 : P (plus (plus (iterate J t g) (scal (kappa : R_AbsRing) (first_kappa_term t))) (scal (kappa * kappa : R_AbsRing) (remainder kappa t)))
  = plus (plus (P (iterate J t g)) (scal (kappa : R_AbsRing) (P (first_kappa_term t)))) (scal (kappa * kappa : R_AbsRing) (P (remainder kappa t)))).
{ etransitivity. apply P1. f_equal. etransitivity. apply P1. f_equal. apply P2. apply P2. }
rewrite E1 in E.
assert (E2 : P (first_kappa_term t) = opp (scal (kappa : R_AbsRing) (P (remainder kappa t)))).
{ set (a := P (iterate J t g)) in *. set (f := P (first_kappa_term t)) in *. set (q := P (remainder kappa t)) in *.
  transitivity (scal (/ kappa : R_AbsRing) (minus (plus (plus a (scal (kappa : R_AbsRing) f)) (scal (kappa * kappa : R_AbsRing) q)) (plus a (scal (kappa * kappa : R_AbsRing) q)))).
  module_field V. rewrite E. module_field V. }
assert (B1 : n <= Rabs kappa * (p * r)).
{ unfold n. rewrite E2. eapply Rle_trans. right; apply norm_opp. eapply Rle_trans. right; apply norm_scal_R.
  apply Rmult_le_compat_l. apply Rabs_pos. eapply Rle_trans. apply Hp. apply Rmult_le_compat_l. lra. now apply Hr. }
assert (Pr : 0 <= p * r) by (apply Rmult_le_pos; lra).
assert (B2 : Rabs kappa * (p * r) <= n / (p * r + 1) / 2 * (p * r)) by (apply Rmult_le_compat_r; auto).
assert (B3 : n / (p * r + 1) / 2 * (p * r) <= n / 2).
{ apply Rle_trans with (n / (p * r + 1) / 2 * (p * r + 1)).
  apply Rmult_le_compat_l. assert (0 < n / (p * r + 1)) by (apply Rdiv_lt_0_compat; lra). lra. lra.
  right; field; lra. }
lra.
Qed.

Lemma continuous_in_kappa t : forall k, continuous (fun kappa : R => iterate (M kappa) t g) k.
Proof.
induction t as [|t IH]; intros k; simpl. apply continuous_const.
unfold modified_jacobian at 1.
apply (@flim_plus R (locally k) _ State).
- apply (filterlim_comp _ _ _ (fun kappa : R => iterate (M kappa) t g) J _ _ _ (IH k)). apply (linear_cont J _ J_linear).
- apply (@flim_scal R (locally k) _ State (fun x : R => x)). apply filterlim_id.
  apply (filterlim_comp _ _ _ (fun kappa : R => C (iterate (M kappa) t g)) B (locally k) (locally (C (iterate (M k) t g)))).
  apply (filterlim_comp _ _ _ (fun kappa : R => iterate (M kappa) t g) C _ _ _ (IH k)). apply (linear_cont C _ C_linear).
  apply (linear_cont B _ B_linear).
Qed.

(** On a compact interval of kappas in which the reading differs from its value at
    [kappa = 0] everywhere else, a small difference means a small kappa. *)
Lemma small_difference_small_kappa (V : NM) (P : State -> V) t lo hi : is_linear P ->
  (forall kappa, lo <= kappa <= hi -> kappa <> 0 -> P (iterate (M kappa) t g) <> P (iterate J t g)) ->
  forall eps : posreal, exists d : posreal, forall kappa, lo <= kappa <= hi ->
    norm (minus (P (iterate (M kappa) t g)) (P (iterate J t g))) < d -> Rabs kappa < eps.
Proof.
intros HP H eps.
set (f := fun kappa : R => norm (minus (P (iterate (M kappa) t g)) (P (iterate J t g)))).
assert (Cf : forall c, continuity_pt f c).
{ intros c. apply continuity_pt_filterlim. unfold f.
  apply (filterlim_comp _ _ _ (fun kappa : R => minus (P (iterate (M kappa) t g)) (P (iterate J t g))) norm (locally c)
     (locally (minus (P (iterate (M c) t g)) (P (iterate J t g))))).
  2: apply filterlim_norm.
  apply (@flim_minus R (locally c) _ V). 2: apply filterlim_const.
  apply (filterlim_comp _ _ _ (fun kappa : R => iterate (M kappa) t g) P _ _ _ (continuous_in_kappa t c)).
  apply (linear_cont P _ HP). }
assert (Pos : forall c, lo <= c <= hi -> c <> 0 -> 0 < f c).
{ intros c Hc Hc0. apply norm_gt_0. intros E. apply (H c Hc Hc0).
  apply plus_reg_r with (opp (P (iterate J t g))). rewrite plus_opp_r. exact E. }
assert (Half : forall a b, lo <= a -> b <= hi -> (forall c, a <= c <= b -> c <> 0) ->
   exists d : posreal, forall c, a <= c <= b -> d <= f c).
{ intros a b Ha Hb Hab. destruct (Rle_lt_dec a b) as [L|L].
  - destruct (continuity_ab_min f a b L (fun c _ => Cf c)) as [m [Hm1 Hm2]].
    exists (mkposreal (f m) (Pos m ltac:(lra) (Hab m Hm2))). exact Hm1.
  - exists (mkposreal 1 Rlt_0_1). intros c Hc. lra. }
assert (Pe := cond_pos eps).
destruct (Half (Rmax lo eps) hi) as [d1 D1].
{ apply Rmax_l. } { lra. } { intros c Hc. generalize (Rmax_r lo eps); lra. }
destruct (Half lo (Rmin hi (- eps))) as [d2 D2].
{ lra. } { apply Rmin_l. } { intros c Hc. generalize (Rmin_r hi (- eps)); lra. }
exists (mkposreal _ (Rmin_stable_in_posreal d1 d2)). simpl. intros kappa Hk Hd.
fold (f kappa) in Hd. generalize (Rmin_l d1 d2) (Rmin_r d1 d2). intros M1 M2.
apply Rabs_def1; apply Rnot_le_lt; intros L.
- assert (X := D1 kappa (conj (Rmax_lub _ _ _ (proj1 Hk) L) (proj2 Hk))). lra.
- assert (X := D2 kappa (conj (proj1 Hk) (Rmin_glb _ _ _ (proj2 Hk) L))). lra.
Qed.
End ModifiedJacobian.

Arguments first_kappa_term {State Param}.
