(** * Norms that come from the inner product

    The main theorems ask of the inner product only that it be continuous in each argument.  Two
    facts need a Hilbert norm, [norm x ^ 2 = <x, x>], as that of [R^n]: the transpose of a
    bounded map has the same bound, and a continuously differentiable map is strictly differentiable. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

Definition hilbert_norm (V : NM) (ip : V -> V -> R) : Prop := forall x, ip x x = norm x * norm x.

Section Hilbert.
Variables (V : NM) (ip : V -> V -> R).
Hypothesis Hip : is_inner_product V ip.
Hypothesis Hnorm : hilbert_norm V ip.

Lemma cauchy_schwarz (a b : V) : ip a b <= norm a * norm b.
Proof.
assert (Na : 0 <= norm a) by apply norm_ge_0. assert (Nb : 0 <= norm b) by apply norm_ge_0.
assert (Q : 0 <= ip (minus (scal (norm b : R_AbsRing) a) (scal (norm a : R_AbsRing) b)) (minus (scal (norm b : R_AbsRing) a) (scal (norm a : R_AbsRing) b))).
{ rewrite Hnorm. generalize (norm_ge_0 (minus (scal (norm b : R_AbsRing) a) (scal (norm a : R_AbsRing) b))). nra. }
assert (sub : forall y z w, ip w (minus y z) = ip w y - ip w z).
{ intros y z w. rewrite !(ip_sym Hip w). apply (ipMl Hip). }
rewrite !(ipMl Hip), !sub, !(ipSl Hip), !(ipSr Hip), !Hnorm, (ip_sym Hip b a) in Q.
destruct (Rle_lt_or_eq_dec 0 (norm a) Na) as [Pa|Za]; [destruct (Rle_lt_or_eq_dec 0 (norm b) Nb) as [Pb|Zb]|].
- apply Rmult_le_reg_l with (norm a * norm b). nra. nra.
- assert (E : b = zero) by (apply norm_eq_zero; auto). rewrite E, (ip0r Hip), norm_zero. lra.
- assert (E : a = zero) by (apply norm_eq_zero; auto). rewrite E, (ip_sym Hip), (ip0r Hip), norm_zero. lra.
Qed.
Lemma cauchy_schwarz_abs (a b : V) : Rabs (ip a b) <= norm a * norm b.
Proof.
apply Rabs_le. split. 2: apply cauchy_schwarz.
assert (X := cauchy_schwarz (opp a) b). rewrite (ipOl Hip) in X.
assert (E : norm (opp a) = norm a) by apply norm_opp. rewrite E in X. lra.
Qed.

(** The transpose of a bounded map has the same bound. *)
Theorem transpose_bound (J Jt : V -> V) (nJ : R) : (forall x y, ip (J x) y = ip x (Jt y)) ->
  0 <= nJ -> (forall x, norm (J x) <= nJ * norm x) -> forall x, norm (Jt x) <= nJ * norm x.
Proof.
intros adj HnJ HJ x.
assert (Nx : 0 <= norm x) by apply norm_ge_0. assert (Nt : 0 <= norm (Jt x)) by apply norm_ge_0.
assert (P : norm (Jt x) * norm (Jt x) <= nJ * norm (Jt x) * norm x).
{ rewrite <- Hnorm, <- adj. eapply Rle_trans. apply cauchy_schwarz. apply Rmult_le_compat_r; auto. }
destruct (Rle_lt_or_eq_dec _ _ Nt) as [Pt|Zt].
- apply Rmult_le_reg_l with (norm (Jt x)); auto. lra.
- rewrite <- Zt. apply Rmult_le_pos; auto.
Qed.

(** Mean value inequality: if the derivative of [f] on the segment [s + x h], |x| <= 1, is within
    [eps |h|] of [c] along [h], then [f (s + h) - f s] is within [eps |h|] of [c]. *)
Theorem mean_value_inequality (U : NM) (f : U -> V) (df : R -> U -> V) (s h : U) (c : V) (eps : R) :
  (forall x : R, Rabs x <= 1 -> filterdiff f (locally (plus s (scal (x : R_AbsRing) h))) (df x)) ->
  (forall x : R, Rabs x <= 1 -> norm (minus (df x h) c) <= eps * norm h) ->
  norm (minus (minus (f (plus s h)) (f s)) c) <= eps * norm h.
Proof.
intros Hd Hb. set (v := minus (minus (f (plus s h)) (f s)) c).
set (phi := fun x : R => ip (minus (f (plus s (scal (x : R_AbsRing) h))) (scal (x : R_AbsRing) c)) v).
assert (D : forall x : R, Rabs x <= 1 -> is_derive phi x (ip (minus (df x h) c) v)).
{ intros x Hx. unfold is_derive.
  assert (D1 : filterdiff (U := R_NormedModule) (fun x : R => plus s (scal (x : R_AbsRing) h)) (locally (x:R)) (fun y : R => scal (y : R_AbsRing) h)).
  { eapply filterdiff_ext_lin.
    apply (@filterdiff_plus_fct R_AbsRing R_NormedModule U (locally (x:R)) _ (fun _ => s) (fun x => scal (x : R_AbsRing) h) (fun _ => zero) (fun y => scal (y : R_AbsRing) h)).
    apply filterdiff_const. apply filterdiff_linear. apply (is_linear_scal_l h).
    intros y. simpl. apply plus_zero_l. }
  assert (D2 := @filterdiff_comp' R_AbsRing R_NormedModule U V _ f x _ _ D1 (Hd x Hx)).
  assert (D3 := @filterdiff_linear R_AbsRing R_NormedModule V (locally (x:R)) (fun y : R => scal (y : R_AbsRing) c) (is_linear_scal_l c)).
  assert (D4 := @filterdiff_minus_fct R_AbsRing R_NormedModule V (locally (x:R)) _ _ _ _ _ D2 D3).
  assert (D5 := @filterdiff_comp' R_AbsRing R_NormedModule V R_NormedModule _ (fun w => ip w v) x _ _ D4 (filterdiff_linear _ (ip_lin Hip v))).
  eapply filterdiff_ext_lin. exact D5. intros y. simpl.
  assert (El : df x (scal (y : R_AbsRing) h) = scal (y : R_AbsRing) (df x h)) by exact (linear_scal _ (proj1 (Hd x Hx)) (y : R_AbsRing) h).
  rewrite El. change (ip (minus (scal (y : R_AbsRing) (df x h)) (scal (y : R_AbsRing) c)) v = y * ip (minus (df x h) c) v).
  rewrite <- (ipSl Hip). f_equal. module V. }
assert (Nv : 0 <= norm v) by apply norm_ge_0. assert (Nh : 0 <= norm h) by apply norm_ge_0.
assert (BV := @bounded_variation phi (fun x => ip (minus (df x h) c) v) (eps * norm h * norm v) 0 1).
assert (X : Rabs (phi 1 - phi 0) <= eps * norm h * norm v * Rabs (1 - 0)).
{ apply BV. intros x Hx. rewrite !Rminus_0_r, Rabs_R1 in Hx. split. now apply D.
  eapply Rle_trans. apply cauchy_schwarz_abs. apply Rmult_le_compat_r; auto. }
assert (E : phi 1 - phi 0 = norm v * norm v).
{ unfold phi. rewrite <- Hnorm. unfold v at 3. rewrite <- (ipMl Hip). apply (f_equal (fun w => ip w v)).
  assert (E1 : plus s (scal (1 : R_AbsRing) h) = plus s h) by module U. assert (E0 : plus s (scal (0 : R_AbsRing) h) = s) by module U.
  rewrite E1, E0. module V. }
rewrite E, Rminus_0_r, Rabs_R1, Rmult_1_r in X. rewrite Rabs_right in X by nra.
destruct (Rle_lt_or_eq_dec 0 (norm v) Nv) as [Pv|Zv].
- apply Rmult_le_reg_r with (norm v); auto.
- rewrite <- Zv. eapply Rle_trans. 2: apply (Hb 0). apply norm_ge_0. rewrite Rabs_R0. lra.
Qed.
End Hilbert.

(** The norm of [R^n] is one. *)
Lemma hilbert_norm_Rn (n : nat) : hilbert_norm (Rn n) (dot n).
Proof.
induction n as [|n IH].
- intros x. change (x * x = Rabs x * Rabs x). rewrite <- Rabs_mult, Rabs_right; nra.
- intros [x y]. change (x * x + dot n y y = sqrt (Rabs x ^ 2 + norm y ^ 2) * sqrt (Rabs x ^ 2 + norm y ^ 2)).
  rewrite sqrt_sqrt by (simpl; nra). rewrite (IH y). simpl. rewrite !Rmult_1_r, <- Rabs_mult, (Rabs_right (x * x)) by nra. ring.
Qed.

(** ** Strict differentiability in the state *)

(** It is so when the derivative in [s] exists near rest and is continuous at rest. *)
Theorem strict_of_continuous_derivative (State Param : NM) (ipT : Param -> Param -> R)
  (Phi_theta : State * Param -> Param) (D : State * Param -> State -> Param) (s_star : State) (theta : Param) :
  is_inner_product Param ipT -> hilbert_norm Param ipT ->
  locally ((s_star, theta) : prod_NormedModule R_AbsRing State Param)
    (fun z => filterdiff (fun s => Phi_theta (s, snd z)) (locally (fst z)) (D z)) ->
  (forall eps : posreal, locally ((s_star, theta) : prod_NormedModule R_AbsRing State Param)
    (fun z => forall h, norm (minus (D z h) (D (s_star, theta) h)) <= eps * norm h)) ->
  strictly_differentiable_in_s State Param Phi_theta (D (s_star, theta)) s_star theta.
Proof.
intros HT Hn HD Hc eps.
destruct (filter_and _ _ HD (Hc eps)) as [d Hd].
assert (Hr : 0 < d / 3) by (generalize (cond_pos d); lra).
exists (mkposreal _ Hr). simpl. intros s s' th H1 H2 H3.
set (h := minus s' s).
assert (Nh : norm h <= 2 * (d / 3)).
{ unfold h. replace (minus s' s) with (minus (minus s' s_star) (minus s s_star)) by module State.
  eapply Rle_trans. apply norm_triangle. assert (E : norm (opp (minus s s_star)) = norm (minus s s_star)) by apply norm_opp.
  rewrite E. lra. }
assert (Near : forall x : R, Rabs x <= 1 -> filterdiff (fun s => Phi_theta (s, th)) (locally (plus s (scal (x : R_AbsRing) h))) (D (plus s (scal (x : R_AbsRing) h), th)) /\
   forall k, norm (minus (D (plus s (scal (x : R_AbsRing) h), th) k) (D (s_star, theta) k)) <= eps * norm k).
{ intros x Hx. apply (Hd (plus s (scal (x : R_AbsRing) h), th)). split; simpl.
  - apply (@norm_compat1 R_AbsRing State).
    replace (minus (plus s (scal (x : R_AbsRing) h)) s_star) with (plus (minus s s_star) (scal (x : R_AbsRing) h)) by module State.
    eapply Rle_lt_trans. apply norm_triangle.
    assert (E : norm (scal (x : R_AbsRing) h) <= 2 * (d / 3)).
    { eapply Rle_trans. right; apply norm_scal_R. apply Rle_trans with (1 * norm h). apply Rmult_le_compat_r. apply norm_ge_0. exact Hx. lra. }
    lra.
  - apply (@norm_compat1 R_AbsRing Param). lra. }
assert (Es : s' = plus s h) by (unfold h; module State).
rewrite Es at 1.
apply (@mean_value_inequality Param ipT HT Hn State (fun s => Phi_theta (s, th)) (fun x => D (plus s (scal (x : R_AbsRing) h), th)) s h (D (s_star, theta) h) eps).
- intros x Hx. exact (proj1 (Near x Hx)).
- intros x Hx. exact (proj2 (Near x Hx) h).
Qed.
